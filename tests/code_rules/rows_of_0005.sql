-- Rows of a desk at work, as the release before 0006 has them, in every table that has changed since.

INSERT INTO person (id, telegram_id, name, username, language, language_chosen, dialogue, operator_since, created_at) VALUES
    (1, 101, 'Alice', 'alice', 'en', FALSE, NULL, NULL, '2026-11-01 09:00:00+00:00'),
    (2, 201, 'Olga', 'olga', 'en', FALSE, '{"step": "by_hand", "draft": {"kind": "call", "person": 1, "ticket": 1, "words": {"chat": 201, "message": 8, "kind": "text", "text": "by hand", "content": {"kind": "text", "text": "by hand"}}, "trail": []}, "until": "2099-01-01T00:00:00+00:00"}', '2026-11-01 09:00:00+00:00', '2026-11-01 09:00:00+00:00'),
    (3, NULL, 'A contact', NULL, 'ru', FALSE, NULL, NULL, '2026-11-01 09:00:00+00:00'),
    (4, 104, 'Merged', NULL, 'ru', FALSE, NULL, NULL, '2026-11-01 09:00:00+00:00');

INSERT INTO ticket (id, customer_id, topic, title, state, origin, opened_at, opening, reopened, card_chat, card_message, card_digest) VALUES
    (1, 1, 'payment', 'Paid twice', 'new', 'telegram', '2026-11-01 09:00:00+00:00', 'Paid twice', 0, -1009, 51, 'd1'),
    (2, 1, 'payment', 'No card yet', 'new', 'telegram', '2026-11-01 09:00:00+00:00', 'No card', 0, NULL, NULL, NULL),
    (3, 1, 'payment', 'Unplaced', 'new', 'telegram', '2026-11-01 09:00:00+00:00', 'Unplaced', 0, -1009, 53, 'd3');

INSERT INTO message (id, ticket_id, author_id, from_customer, text, content, album, counts, in_card, source_chat, source_message, created_at) VALUES
    (1, 1, 1, TRUE, 'Paid twice', '{"kind": "text"}', NULL, TRUE, TRUE, 101, 7, '2026-11-01 09:00:00+00:00'),
    (2, 1, 2, FALSE, 'We look', '{"kind": "text"}', NULL, TRUE, FALSE, -1009, 60, '2026-11-01 09:00:00+00:00');

INSERT INTO note (id, ticket_id, author_id, text, content, source_chat, source_message, created_at) VALUES
    (1, 1, 2, 'a note', '{}', -1009, 61, '2026-11-01 09:00:00+00:00'),
    (2, 1, 2, 'from a button', '{}', 0, 0, '2026-11-01 09:00:00+00:00');

INSERT INTO placement (id, chat, ref, role, ticket_id, message_id) VALUES
    (1, -1009, 51, 'card', 1, NULL),
    (2, -1008, 40, 'card', 1, NULL),
    (3, 101, 70, 'copy', 1, 2);

INSERT INTO inbox (id, bot_id, update_id, lane, raw, state, error, received_at) VALUES
    (1, 42, 500, 101, '{}', 'done', NULL, '2026-11-01 09:00:00+00:00'),
    (2, 42, 501, -1009, '{}', 'new', NULL, '2026-11-01 09:00:00+00:00'),
    (3, 42, 502, 0, '{}', 'quarantined', 'odd', '2026-11-01 09:00:00+00:00'),
    (4, 42, -4, 0, '{}', 'done', NULL, '2026-11-01 09:00:00+00:00');

INSERT INTO outbox (id, channel, address, lane, locale, kind, facts, ticket_id, priority, once, state, not_before, turn_at, attempts, created_at) VALUES
    (1, 'telegram', '-1009', '-1009:2', 'en', 'card', '{}', 2, 3, 'card:2@-1009', 'queued', '2026-11-01 09:00:00+00:00', '2026-11-01 09:00:00+00:00', 0, '2026-11-01 09:00:00+00:00');

INSERT INTO fact (name, value, at) VALUES
    ('introduced', '{"digest": "x", "admins": [201]}', '2026-11-01 09:00:00+00:00'),
    ('health@crew', '{"role": "team", "code": "gone", "chat": -1008, "title": "", "team": "crew"}', '2026-11-01 09:00:00+00:00');

INSERT INTO contact_point (person_id, kind, value, verified_at) VALUES
    (1, 'email', 'alice@example.org', NULL),
    (1, 'phone', '+79161234567', '2026-11-01 09:00:00+00:00'),
    (3, 'phone', '+79161234567', NULL);

INSERT INTO team (code, titles, level, chat, active) VALUES
    ('crew', '{"en": "Crew"}', 1, -1008, TRUE),
    ('desk', '{"en": "Desk"}', 1, NULL, TRUE);

INSERT INTO team_member (team, person_id) VALUES
    ('crew', 2);

INSERT INTO place (role, configured, chat) VALUES
    ('operators', -1009, -1009);

INSERT INTO merge (person_id, into_id, at) VALUES
    (4, 1, '2026-11-01 09:00:00+00:00');

INSERT INTO parentage (child_id, parent_id, since) VALUES
    (2, 1, '2026-11-01 09:00:00+00:00');
