-- no-transaction
-- phase: expand
-- Texts that came in and are not applied yet: asked for each minute, however many match no conversation.
CREATE INDEX CONCURRENTLY inbound_message_received ON inbound_message (received_at) WHERE status = 'RECEIVED';
