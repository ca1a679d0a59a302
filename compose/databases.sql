-- One role and one database per service; neither role can see the other's data.
-- Run by psql with -v notes_password=… -v users_password=…; safe to run again (passwords are renewed).
SELECT format('CREATE ROLE %I LOGIN', name) FROM unnest(ARRAY['notes', 'users']) AS name
 WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name)
\gexec
ALTER ROLE notes PASSWORD :'notes_password' CONNECTION LIMIT 100;
ALTER ROLE users PASSWORD :'users_password' CONNECTION LIMIT 60;
SELECT format('CREATE DATABASE %I OWNER %I', name, name) FROM unnest(ARRAY['notes', 'users']) AS name
 WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = name)
\gexec
REVOKE ALL ON DATABASE notes, users, postgres, template1 FROM PUBLIC;
