import { phoneWords } from '../../lib/phone'
import { parseCustomFields } from '../../lib/script'
import { admin } from '../../text/admin'
import { Table, type Column } from '../../ui/Table'
import type { EditedCampaign, SampleContact as Contact } from './sections'

/** Three contacts as they were read: a wrong column shows here first. */
export function ContactSample({ campaign }: { campaign: EditedCampaign }) {
  const value = (text: string | null | undefined) => {
    const isEmpty = text === undefined || text === null || text === ''
    return isEmpty ? <span className="quiet">{admin.contacts.emptyCell}</span> : text
  }
  const columns: Column<Contact>[] = [
    { name: 'first_name', cell: (contact) => value(contact.firstName) },
    { name: 'last_name', cell: (contact) => value(contact.lastName) },
    { name: 'phone_number', cell: (contact) => phoneWords(contact.cell) },
    { name: 'van_statecode', cell: (contact) => value(contact.stateCode) },
    ...campaign.customFields.map((name) => ({ name, cell: (contact: Contact) => value(parseCustomFields(contact.customFields)[name]) })),
  ]
  return (
    <div className="stack" style={{ gap: '0.5rem' }}>
      <h3>{admin.contacts.sample}</h3>
      <Table caption={admin.contacts.sample} columns={columns} rows={campaign.contactsPreview ?? []} keyOf={({ id }) => id} />
    </div>
  )
}
