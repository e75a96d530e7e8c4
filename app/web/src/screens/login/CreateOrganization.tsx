import { useCallback, useState, type SubmitEvent } from 'react'
import { useNavigate } from 'react-router'
import { request } from '../../api/client'
import { useAction } from '../../api/useAction'
import { common } from '../../text/common'
import { login } from '../../text/login'
import { Button } from '../../ui/Button'
import { TextField } from '../../ui/Field'
import { Page, PageHead } from '../../ui/Page'
import { Card, ErrorNotice } from '../../ui/Surface'
import { CreateOrganization } from './CreateOrganization.generated'
import { PlainFrame } from './PlainFrame'

export function Component() {
  const navigate = useNavigate()
  const [name, setName] = useState('')
  const create = useAction(
    useCallback(async () => {
      const { createOrganization } = await request(CreateOrganization, { name: name.trim() })
      await navigate(`/admin/${createOrganization.id}`)
    }, [name, navigate]),
  )
  const submit = (event: SubmitEvent) => {
    event.preventDefault()
    if (name.trim() !== '') void create.run()
  }

  return (
    <PlainFrame>
      <Page isNarrow>
        <PageHead title={login.createOrganization} back={{ to: '/', label: common.back }}>
          <p className="quiet">{login.createOrganizationText}</p>
        </PageHead>
        <Card>
          <form className="stack" onSubmit={submit}>
            <ErrorNotice error={create.error} />
            <TextField label={login.organizationName} required maxLength={200} autoComplete="organization" value={name} onChange={(event) => { setName(event.target.value) }} />
            <div>
              <Button type="submit" kind="primary" isBusy={create.isRunning}>{login.create}</Button>
            </div>
          </form>
        </Card>
      </Page>
    </PlainFrame>
  )
}
