-- SPDX-License-Identifier: LGPL-2.1-or-later
-- images.db: images as rows of 64 KiB. May be thrown away.
-- schema: 246b491ced34baa836233f8b90d02600632d31450ff60df03aeea2756977ed72

CREATE TABLE image (
        sha256 BLOB PRIMARY KEY CHECK (length(sha256) = 32),
        length INTEGER NOT NULL CHECK (length BETWEEN 1 AND 16777216),
        source BLOB NOT NULL CHECK (length(source) = 32),
        etag TEXT NOT NULL CHECK (length(etag) <= 128),
        used INTEGER NOT NULL,
        complete INTEGER NOT NULL CHECK (complete IN (0, 1))
) STRICT, WITHOUT ROWID;

CREATE TABLE chunk (
        sha256 BLOB NOT NULL REFERENCES image (sha256) ON DELETE CASCADE,
        n INTEGER NOT NULL CHECK (n BETWEEN 0 AND 255),
        hash BLOB NOT NULL CHECK (length(hash) = 32),
        bytes BLOB NOT NULL CHECK (length(bytes) BETWEEN 1 AND 65536),
        PRIMARY KEY (sha256, n)
) STRICT;
