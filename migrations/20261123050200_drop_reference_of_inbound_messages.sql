-- phase: expand
-- For each contact that goes, every text that ever came in was read through. A text that is in a contact's thread has a
-- message there, and the contact does not go.
ALTER TABLE inbound_message DROP CONSTRAINT inbound_message_campaign_contact_id_fkey;
