-- no-transaction
-- phase: expand
CREATE INDEX CONCURRENTLY inbound_message_unmatched ON inbound_message (messaging_service_sid, id)
    WHERE status = 'UNMATCHED';
