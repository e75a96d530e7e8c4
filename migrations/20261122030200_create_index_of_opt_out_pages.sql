-- no-transaction
-- phase: expand
-- Pages of an organization's opt-outs.
CREATE INDEX CONCURRENTLY opt_out_pages ON opt_out (organization_id, id);
