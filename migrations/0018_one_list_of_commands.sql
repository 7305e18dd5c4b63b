-- What Radarr's clients ask for is a command like those of people: one list, one row of numbers.
ALTER TABLE command
    -- For people: what reeld makes of it, where the name is Radarr's.
    ADD COLUMN message text NOT NULL DEFAULT '',
    -- The program that asked, as it calls itself.
    ADD COLUMN agent   text NOT NULL DEFAULT '',
    DROP CONSTRAINT command_name,
    ADD CONSTRAINT command_name CHECK (name ~ '^[A-Za-z][A-Za-z-]{1,100}$');

CREATE INDEX command_by_time ON command (asked_at);

-- Those who follow one of them now are told that it is not there, and ask for it again; its work goes on.
INSERT INTO command (name, who, work_ids, asked_at, message, agent)
    SELECT name, '', work_ids, queued, message, agent FROM radarr_command
    WHERE name ~ '^[A-Za-z][A-Za-z-]{1,100}$' ORDER BY id;

DROP TABLE radarr_command;
