import { Navigate, type RouteObject } from 'react-router'
import { App } from './App'
import { Crashed, NotFound } from './Fallbacks'
import { Page } from './ui/Page'
import { Loading } from './ui/Surface'

/**
 * Every screen is its own chunk: a texter's phone loads the entry and the texter's screens, and no
 * admin code.
 */
export const routes: RouteObject[] = [
  {
    element: <App />,
    errorElement: <Crashed />,
    hydrateFallbackElement: <Page><Loading /></Page>,
    children: [
      { path: '/', lazy: () => import('./screens/login/Home') },
      { path: '/login', lazy: () => import('./screens/login/Login') },
      { path: '/terms', lazy: () => import('./screens/login/Terms') },
      { path: '/createOrganization', lazy: () => import('./screens/login/CreateOrganization') },
      { path: '/join-campaign/:token', lazy: () => import('./screens/texter/JoinCampaign') },
      { path: '/app', element: <Navigate to="/" replace /> },
      { path: '/admin', element: <Navigate to="/" replace /> },
      {
        path: '/app/:organizationId',
        lazy: () => import('./screens/texter/TexterFrame'),
        children: [
          { index: true, element: <Navigate to="todos" replace /> },
          { path: 'todos', lazy: () => import('./screens/texter/Todos') },
          { path: 'todos/:assignmentId/overview', lazy: () => import('./screens/texter/Overview') },
          { path: 'account/:userId', lazy: () => import('./screens/settings/Account') },
        ],
      },
      { path: '/app/:organizationId/todos/:assignmentId/text', lazy: () => import('./screens/texter/InitialSend') },
      { path: '/app/:organizationId/todos/:assignmentId/conversations/:contactId?', lazy: () => import('./screens/texter/Conversations') },
      { path: '/app/:organizationId/suspended', lazy: () => import('./screens/texter/Suspended') },
      {
        path: '/admin/:organizationId',
        lazy: () => import('./screens/admin/AdminFrame'),
        children: [
          { index: true, element: <Navigate to="campaigns" replace /> },
          { path: 'campaigns', lazy: () => import('./screens/admin/CampaignList') },
          { path: 'campaigns/new', lazy: () => import('./screens/admin/NewCampaign') },
          { path: 'campaigns/:campaignId', lazy: () => import('./screens/admin/CampaignStats') },
          { path: 'campaigns/:campaignId/edit', lazy: () => import('./screens/admin/CampaignEdit') },
          { path: 'opt-outs', lazy: () => import('./screens/admin/OptOuts') },
          { path: 'unmatched', lazy: () => import('./screens/admin/Unmatched') },
        ],
      },
      { path: '*', element: <NotFound /> },
    ],
  },
]
