-- no-transaction
-- phase: expand
CREATE INDEX CONCURRENTLY campaign_by_status_and_title ON campaign (organization_id, status, lower(title), id);
