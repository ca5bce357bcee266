-- SPDX-License-Identifier: LGPL-2.1-or-later
-- state.db: what must not be lost. Never edited once released: changes are a new file.
-- schema: 58924f24eafe8b3a04abb5b04ab768d1a25a8cad9dae5cacd7dd1af1242365f6

-- Numbers about the store itself: "clean" (1: the last owner closed), "checked" (when every page was
-- last read), "clock-floor" (latest signed time that was verified).
CREATE TABLE meta (
        name TEXT PRIMARY KEY CHECK (length(name) BETWEEN 1 AND 32),
        value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE drive (
        id TEXT PRIMARY KEY CHECK (length(id) BETWEEN 1 AND 32 AND id NOT GLOB '*[^0-9a-f]*'),
        key TEXT NOT NULL UNIQUE CHECK (length(key) BETWEEN 1 AND 128),
        node TEXT NOT NULL CHECK (length(node) < 64),
        block TEXT NOT NULL CHECK (length(block) < 64),
        devpath TEXT NOT NULL CHECK (length(devpath) < 256),
        hex24 TEXT NOT NULL CHECK (length(hex24) IN (0, 48)),
        revision TEXT NOT NULL CHECK (length(revision) <= 16),
        serial TEXT NOT NULL CHECK (length(serial) < 64),
        model TEXT NOT NULL CHECK (length(model) < 128),
        attachment TEXT NOT NULL CHECK (length(attachment) < 16),
        class TEXT NOT NULL CHECK (length(class) < 32),
        record BLOB NOT NULL CHECK (length(record) <= 8192),
        first_seen INTEGER NOT NULL,
        last_seen INTEGER NOT NULL,
        attached INTEGER NOT NULL CHECK (attached IN (0, 1)),
        held INTEGER NOT NULL CHECK (held IN (0, 1)),
        held_reason TEXT NOT NULL CHECK (length(held_reason) <= 256),
        attention TEXT NOT NULL CHECK (length(attention) < 32),
        attention_job INTEGER NOT NULL CHECK (attention_job >= 0),
        done INTEGER NOT NULL,
        errors INTEGER NOT NULL,
        timeouts INTEGER NOT NULL,
        wanted TEXT NOT NULL CHECK (length(wanted) <= 32)
) STRICT, WITHOUT ROWID;

-- All identity keys under which a drive was or may be seen, the current one among them.
CREATE TABLE drive_key (
        key TEXT PRIMARY KEY CHECK (length(key) BETWEEN 1 AND 128),
        drive TEXT NOT NULL REFERENCES drive (id) ON DELETE CASCADE,
        since INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX drive_key_drive ON drive_key (drive);

CREATE TABLE observation (
        id INTEGER PRIMARY KEY,
        drive TEXT NOT NULL REFERENCES drive (id) ON DELETE CASCADE,
        time INTEGER NOT NULL,
        revision TEXT NOT NULL CHECK (length(revision) <= 16),
        hex24 TEXT NOT NULL CHECK (length(hex24) IN (0, 48)),
        record BLOB NOT NULL CHECK (length(record) <= 8192),
        source TEXT NOT NULL CHECK (source IN ('scan', 'flash'))
) STRICT;
CREATE INDEX observation_drive ON observation (drive, id);

CREATE TABLE catalog (
        name TEXT PRIMARY KEY CHECK (length(name) BETWEEN 1 AND 32),
        last_try INTEGER NOT NULL,
        last_ok INTEGER NOT NULL,
        timestamp_version INTEGER NOT NULL CHECK (timestamp_version >= 0),
        signed_at INTEGER NOT NULL,
        expires INTEGER NOT NULL,
        fault INTEGER NOT NULL CHECK (fault BETWEEN 0 AND 65535),
        fault_text TEXT NOT NULL CHECK (length(fault_text) < 512)
) STRICT, WITHOUT ROWID;

CREATE TABLE mirror (
        catalog TEXT NOT NULL REFERENCES catalog (name) ON DELETE CASCADE,
        position INTEGER NOT NULL CHECK (position BETWEEN 0 AND 15),
        url TEXT NOT NULL CHECK (length(url) BETWEEN 1 AND 1024),
        last_try INTEGER NOT NULL,
        version INTEGER NOT NULL CHECK (version >= 0),
        signed_at INTEGER NOT NULL,
        behind INTEGER NOT NULL CHECK (behind IN (0, 1)),
        frozen INTEGER NOT NULL CHECK (frozen IN (0, 1)),
        fault INTEGER NOT NULL CHECK (fault BETWEEN 0 AND 65535),
        fault_text TEXT NOT NULL CHECK (length(fault_text) < 512),
        PRIMARY KEY (catalog, position)
) STRICT, WITHOUT ROWID;

-- Verified metadata, byte for byte. It does not refer to "catalog": trust is stored before the tale
-- of how it was fetched.
CREATE TABLE metadata (
        catalog TEXT NOT NULL CHECK (length(catalog) BETWEEN 1 AND 32),
        role TEXT NOT NULL CHECK (length(role) BETWEEN 1 AND 128),
        version INTEGER NOT NULL CHECK (version >= 0),
        length INTEGER NOT NULL CHECK (length BETWEEN 1 AND 5000000),
        PRIMARY KEY (catalog, role)
) STRICT, WITHOUT ROWID;

CREATE TABLE metadata_chunk (
        catalog TEXT NOT NULL,
        role TEXT NOT NULL,
        n INTEGER NOT NULL CHECK (n BETWEEN 0 AND 76),
        hash BLOB NOT NULL CHECK (length(hash) = 32),
        bytes BLOB NOT NULL CHECK (length(bytes) BETWEEN 1 AND 65536),
        PRIMARY KEY (catalog, role, n),
        FOREIGN KEY (catalog, role) REFERENCES metadata (catalog, role) ON DELETE CASCADE
) STRICT;

-- Index of the entries of verified metadata; can be made again from it.
CREATE TABLE entry (
        hex24 TEXT NOT NULL CHECK (length(hex24) = 48 AND hex24 NOT GLOB '*[^0-9a-f]*'),
        catalog TEXT NOT NULL CHECK (length(catalog) BETWEEN 1 AND 32),
        path TEXT NOT NULL CHECK (length(path) BETWEEN 1 AND 255),
        length INTEGER NOT NULL CHECK (length >= 0),
        sha256 BLOB NOT NULL CHECK (length(sha256) = 32),
        json TEXT NOT NULL CHECK (length(json) <= 32768),
        ignored_code TEXT NOT NULL CHECK (length(ignored_code) <= 64),
        ignored_text TEXT NOT NULL CHECK (length(ignored_text) < 512),
        PRIMARY KEY (hex24, catalog, path)
) STRICT;
CREATE INDEX entry_catalog ON entry (catalog);

CREATE TABLE job (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        drive TEXT NOT NULL CHECK (length(drive) BETWEEN 1 AND 32),
        kind TEXT NOT NULL CHECK (kind IN ('update', 'rollback', 'recovery', 'reflash')),
        catalog TEXT NOT NULL CHECK (length(catalog) <= 32),
        from_revision TEXT NOT NULL CHECK (length(from_revision) <= 32),
        to_revision TEXT NOT NULL CHECK (length(to_revision) <= 32),
        step INTEGER NOT NULL CHECK (step BETWEEN 0 AND 255),
        n_steps INTEGER NOT NULL CHECK (n_steps BETWEEN 0 AND 255),
        steps TEXT NOT NULL CHECK (length(steps) < 8192),
        target TEXT NOT NULL CHECK (length(target) <= 255),
        image BLOB NOT NULL CHECK (length(image) = 32),
        reason TEXT NOT NULL CHECK (length(reason) <= 256),
        uid INTEGER NOT NULL CHECK (uid BETWEEN 0 AND 4294967295),
        user TEXT NOT NULL CHECK (length(user) <= 64),
        via TEXT NOT NULL CHECK (length(via) <= 32),
        state TEXT NOT NULL CHECK (state IN ('queued', 'fetching', 'ready', 'committed', 'ended')),
        outcome TEXT NOT NULL CHECK (length(outcome) < 32 AND (outcome <> '') = (state = 'ended')),
        fault INTEGER NOT NULL CHECK (fault BETWEEN 0 AND 65535),
        fault_text TEXT NOT NULL CHECK (length(fault_text) < 512),
        created INTEGER NOT NULL,
        started INTEGER NOT NULL,
        ended INTEGER NOT NULL,
        boot_id TEXT NOT NULL CHECK (length(boot_id) <= 32)
) STRICT;
CREATE INDEX job_open ON job (id) WHERE state <> 'ended';
CREATE INDEX job_drive ON job (drive, id);

-- The audit trail: these four are only ever inserted into.
CREATE TABLE audit (
        seq INTEGER PRIMARY KEY CHECK (seq > 0),
        drive TEXT NOT NULL CHECK (length(drive) <= 32),
        entry TEXT NOT NULL CHECK (length(entry) BETWEEN 2 AND 16384)
) STRICT;
CREATE INDEX audit_drive ON audit (drive, seq);

-- Roots of complete subtrees, RFC 6962: an append reads and writes a handful of them.
CREATE TABLE audit_node (
        level INTEGER NOT NULL CHECK (level BETWEEN 0 AND 62),
        position INTEGER NOT NULL CHECK (position >= 0),
        hash BLOB NOT NULL CHECK (length(hash) = 32),
        PRIMARY KEY (level, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE audit_head (
        size INTEGER PRIMARY KEY CHECK (size >= 0),
        note TEXT NOT NULL CHECK (length(note) BETWEEN 1 AND 1024)
) STRICT;

-- Which entry announced a key: an index, since only the entries are believed.
CREATE TABLE audit_key (
        seq INTEGER PRIMARY KEY CHECK (seq > 0),
        key TEXT NOT NULL UNIQUE CHECK (length(key) BETWEEN 1 AND 192)
) STRICT;
