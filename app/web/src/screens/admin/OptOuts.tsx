import { admin } from '../../text/admin'
import { Page, PageHead } from '../../ui/Page'
import { useAdmin } from './AdminFrame'
import { ExportOptOuts } from './ExportOptOuts'
import { ImportOptOuts } from './ImportOptOuts'
import { UndoOptOut } from './UndoOptOut'

/** The people who want no texts: brought in, taken along, and mistakes undone. */
export function Component() {
  const { organizationId } = useAdmin()
  return (
    <Page isNarrow>
      <PageHead title={admin.optOuts.title}>
        <p className="quiet">{admin.optOuts.lead}</p>
      </PageHead>
      <div className="stack-loose">
        <ImportOptOuts organizationId={organizationId} />
        <ExportOptOuts organizationId={organizationId} />
        <UndoOptOut organizationId={organizationId} />
      </div>
    </Page>
  )
}
