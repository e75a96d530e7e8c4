-- no-transaction
-- phase: expand
-- The list of them is a page of the newest, of whichever messaging service.
CREATE INDEX CONCURRENTLY inbound_message_unmatched_by_id ON inbound_message (id) WHERE status = 'UNMATCHED';
