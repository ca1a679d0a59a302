-- Every password of PostgreSQL, as it stands in the secrets. The image runs this when the data directory is empty;
-- run again, it gives the roles the passwords that stand there now: docs/topics/operating.md, "Changing secrets".
\set ON_ERROR_STOP on
\set admin_password `cat /run/secrets/postgres_password`
\set notes_password `sed -n 's#^[a-z]*://notes:\([A-Za-z0-9._~-]\{1,\}\)@.*#\1#p' /run/secrets/notes_database_url`
\set users_password `sed -n 's#^[a-z]*://users:\([A-Za-z0-9._~-]\{1,\}\)@.*#\1#p' /run/secrets/users_database_url`
SELECT :'notes_password' <> '' AS notes_is_fine, :'users_password' <> '' AS users_is_fine, :'admin_password' <> '' AS admin_is_fine
\gset
\if :notes_is_fine
\else
DO $$BEGIN RAISE 'the secret notes_database_url is not postgresql://notes:PASSWORD@postgres:5432/notes with a password of letters, digits and . _ ~ -'; END$$;
\endif
\if :users_is_fine
\else
DO $$BEGIN RAISE 'the secret users_database_url is not postgresql://users:PASSWORD@postgres:5432/users with a password of letters, digits and . _ ~ -'; END$$;
\endif
\if :admin_is_fine
\else
DO $$BEGIN RAISE 'the secret postgres_password is empty'; END$$;
\endif
ALTER ROLE CURRENT_USER PASSWORD :'admin_password';
\i /etc/notes/databases.sql
