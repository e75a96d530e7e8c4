-- no-transaction
-- phase: expand
-- One without a due date is never due.
CREATE INDEX CONCURRENTLY campaign_by_due_date
    ON campaign (organization_id, coalesce(due_by, 'infinity'::timestamptz), id);
