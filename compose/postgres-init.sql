-- Run once by the image, when the data directory is empty. The passwords are read from the services' own secrets.
\set notes_password `sed 's#.*//notes:\([^@]*\)@.*#\1#' /run/secrets/notes_database_url`
\set users_password `sed 's#.*//users:\([^@]*\)@.*#\1#' /run/secrets/users_database_url`
\i /etc/notes/databases.sql
