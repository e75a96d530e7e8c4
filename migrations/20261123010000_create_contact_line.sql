-- phase: expand
-- Rows of an upload under way, by their line: they are written and read in the file's order, and the worker knows which
-- numbers the file has had. Unlogged: a crash loses the rows and the job starts over.
-- It takes the place of contact_load, which running versions still write and the release after this one drops.
CREATE UNLOGGED TABLE contact_line (
    job_id           integer NOT NULL,
    line             integer NOT NULL,
    cell             text    NOT NULL,
    first_name       text    NOT NULL,
    last_name        text    NOT NULL,
    external_id      text    NOT NULL,
    external_id_type text,
    state_code       text,
    zip              text    NOT NULL,
    timezone         text,
    custom_fields    jsonb   NOT NULL,
    PRIMARY KEY (job_id, line)
);
