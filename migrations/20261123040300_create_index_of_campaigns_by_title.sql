-- no-transaction
-- phase: expand
CREATE INDEX CONCURRENTLY campaign_by_title ON campaign (organization_id, lower(title), id);
