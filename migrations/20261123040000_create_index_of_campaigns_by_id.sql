-- no-transaction
-- phase: expand
CREATE INDEX CONCURRENTLY campaign_by_id ON campaign (organization_id, id);
