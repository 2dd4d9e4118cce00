"""The statements on the tables of apps (migration 0006), by name. Times are seconds since 1970."""

from collections.abc import Mapping

from felles.record.store import Sql

_SESSION = "s.id, s.person, s.role, s.level, s.provider, s.subject, s.signed, s.started, s.seen, s.hint"

LINES: Mapping[str, Sql] = {
    "app add": Sql("INSERT INTO app (id, name, body, created, ended) VALUES ($1, $2, $3, $4, 0)"),
    "app": Sql("SELECT name, body FROM app WHERE id = $1 AND ended = 0"),
    "app any": Sql("SELECT 1 FROM app WHERE id = $1"),
    "apps": Sql("SELECT id, name, body FROM app WHERE ended = 0 ORDER BY name, id"),
    "app end": Sql("UPDATE app SET ended = $2 WHERE id = $1 AND ended = 0"),
    "app code add": Sql("INSERT INTO app_code (token, body, expires, used) VALUES ($1, $2, $3, '')"),
    "app code": Sql("SELECT body, expires, used FROM app_code WHERE token = $1"),
    "app code use": Sql("UPDATE app_code SET used = $2 WHERE token = $1 AND used = ''"),
    "app codes past": Sql("DELETE FROM app_code WHERE expires < $1"),
    "app grant add": Sql(
        "INSERT INTO app_grant (id, app, person, session, body, created, expires, ended) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7, 0)"
    ),
    "app grant": Sql("SELECT app, person, session, body, expires FROM app_grant WHERE id = $1 AND ended = 0"),
    "app grant end": Sql("UPDATE app_grant SET ended = $2 WHERE id = $1 AND ended = 0"),
    "app grants end": Sql("UPDATE app_grant SET ended = $2 WHERE app = $1 AND ended = 0"),
    "app grant end of person": Sql("UPDATE app_grant SET ended = $3 WHERE id = $1 AND person = $2 AND ended = 0"),
    "app grants of person": Sql(
        "SELECT g.id, a.name, g.body, g.created, g.session FROM app_grant g JOIN app a ON a.id = g.app "
        "WHERE g.person = $1 AND g.ended = 0 AND g.expires >= $2 "
        "AND (g.session = '' OR EXISTS (SELECT 1 FROM session s WHERE s.id = g.session)) ORDER BY g.created DESC, g.id"
    ),
    "app grants void": Sql("UPDATE app_grant SET ended = 1 WHERE ended = 0"),
    "app codes void": Sql("DELETE FROM app_code"),
    "app grants past": Sql("DELETE FROM app_grant WHERE expires < $1"),
    "app refresh add": Sql("INSERT INTO app_refresh (token, grant_id, expires, used) VALUES ($1, $2, $3, 0)"),
    "app refresh": Sql("SELECT grant_id, used FROM app_refresh WHERE token = $1 AND expires >= $2"),
    "app refresh use": Sql("UPDATE app_refresh SET used = $2 WHERE token = $1 AND used = 0"),
    "app refreshes past": Sql("DELETE FROM app_refresh WHERE expires < $1"),
    "app seen add": Sql("INSERT INTO app_seen (key, expires) VALUES ($1, $2) ON CONFLICT (key) DO NOTHING"),
    "app seen past": Sql("DELETE FROM app_seen WHERE expires < $1"),
    # what a token lives by: its grant, its app and, where it has one, the session it was given in
    "app grant alive": Sql(
        f"SELECT g.session, {_SESSION} FROM app_grant g JOIN app a ON a.id = g.app AND a.ended = 0 "  # noqa: S608
        "LEFT JOIN session s ON s.id = g.session WHERE g.id = $1 AND g.ended = 0"
    ),
}
