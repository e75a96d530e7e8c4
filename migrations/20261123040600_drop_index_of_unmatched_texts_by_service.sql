-- no-transaction
-- phase: expand
-- Instead of it: inbound_message_unmatched_by_id. No statement asks for the texts of one messaging service alone.
DROP INDEX CONCURRENTLY inbound_message_unmatched;
