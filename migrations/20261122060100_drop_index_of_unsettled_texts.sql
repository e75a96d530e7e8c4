-- no-transaction
-- phase: expand
-- Instead of it: inbound_message_received, and inbound_message_unmatched.
DROP INDEX CONCURRENTLY inbound_message_unsettled;
