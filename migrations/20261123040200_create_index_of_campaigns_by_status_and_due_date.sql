-- no-transaction
-- phase: expand
-- Those that are active are due after all those that are archived: without the status they would be walked over.
CREATE INDEX CONCURRENTLY campaign_by_status_and_due_date
    ON campaign (organization_id, status, coalesce(due_by, 'infinity'::timestamptz), id);
