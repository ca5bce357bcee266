/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Every maximum that holds in more than one module, each with its reason. */
#pragma once

/* Firmware of optical drives is at most 2 MiB (facts: 2,031,616 bytes for a Plextor PX-760A);
 * the rest is room for packed Blu-ray images. */
#define IMAGE_LENGTH_MAX (16u * 1024 * 1024)

/* Rows of images.db and of large metadata; also the unit of resuming a download. */
#define CHUNK_LENGTH 65536u

/* Metadata: the limits of python-tuf, which published repositories are made for. */
#define METADATA_ROOT_MAX      512000u
#define METADATA_TIMESTAMP_MAX 16384u
#define METADATA_SNAPSHOT_MAX  2000000u
#define METADATA_TARGETS_MAX   5000000u
#define ROOT_ROTATIONS_MAX     256
#define DELEGATIONS_MAX        32

/* JSON from outside nests less than this in every format that we read. */
#define JSON_DEPTH_MAX 32

/* One message between our processes, and one Varlink message. */
#define WIRE_MESSAGE_MAX    (64u * 1024)
#define WIRE_FDS_MAX        4
#define VARLINK_MESSAGE_MAX (64u * 1024)

/* A machine with more drives is a duplicator tower; those end at 20. */
#define DRIVES_MAX 64

/* Catalogs on one machine: the maker's, a lab's, one's own, and room. */
#define CATALOGS_MAX     16
#define CATALOG_NAME_MAX 32
#define MIRRORS_MAX      16
#define URL_MAX          1024

/* Entries for one drive: all releases of one model, all catalogs. */
#define ENTRIES_MAX     512
#define ENTRY_JSON_MAX  (32u * 1024)
#define TARGET_PATH_MAX 255
#define EDGES_MAX       64
#define REVISIONS_MAX   64
#define PATH_STEPS_MAX  8

/* What a person may say as a reason, and a fault may say to a person. */
#define REASON_MAX     256
#define FAULT_TEXT_MAX 512
