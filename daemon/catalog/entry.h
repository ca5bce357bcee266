/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One entry of a catalog: an image, the drives that it is for, and the ways that lead to it.
 *
 * It is the "custom.discfw" object of a TUF target below "drive/HEX24/" (schema/catalog/
 * entry.schema.json). It comes verified, but any maker that the catalog trusts may have written it:
 * a broken entry is refused with its reason, and never takes the catalog with it.
 *
 * Everything is declared and nothing is guessed from names: revision strings are labels without
 * order (on one Plextor 1.11 is newer than 1.59).
 */
#pragma once

#include "base/fault.h"

#define ENTRY_MODEL_LENGTH     24 /* INQUIRY bytes 8 to 31, raw */
#define ENTRY_REVISION_SIZE    5  /* four characters, blanks stay, and a NUL */
#define ENTRY_CHECKS_MAX       4
#define ENTRY_CHECK_LENGTH_MAX 64
#define ENTRY_MASKS_MAX        4
#define ENTRY_HAZARDS_MAX      8
#define ENTRY_SOURCES_MAX      8

typedef enum EdgeKind {
        EDGE_UPGRADE = 0,
        EDGE_STEP = 1, /* forward, but not a place to stay */
        EDGE_DOWNGRADE = 2,
        EDGE_RECOVERY = 3, /* out of a recovery state */
        EDGE_REFLASH = 4,  /* the same revision again */
        _EDGE_KIND_MAX,
} EdgeKind;

typedef struct Edge {
        EdgeKind kind;
        char (*from)[ENTRY_REVISION_SIZE]; /* a set: any of these */
        unsigned n_from;
        char *irreversible; /* why there is no way back, or NULL */
        char *loses;        /* what the drive loses, or NULL */
} Edge;

/* Bytes of the image that must be there: its own word for which drive it is. */
typedef struct ImageCheck {
        uint32_t offset;
        uint8_t n_bytes;
        uint8_t bytes[ENTRY_CHECK_LENGTH_MAX];
} ImageCheck;

/* Bytes of the INQUIRY data from 36 on that tell hardware apart: (byte & mask) == value. */
typedef struct InquiryMask {
        uint8_t offset; /* 36 to 95 */
        uint8_t n_bytes;
        uint8_t mask[32];
        uint8_t value[32];
} InquiryMask;

/* How the family's driver goes about it. Waits belong here and not into the code. */
typedef struct Recipe {
        uint32_t piece;      /* bytes of one WRITE BUFFER; 16 to 65536 */
        uint32_t command_ms; /* time-out of one piece; 10 s to 10 min */
        uint32_t commit_ms;  /* time-out of the committing command; 10 s to 30 min */
        uint32_t settle_ms;  /* silence after it; 0 to 10 min */
        uint32_t ready_ms;   /* then it must answer within; 1 s to 30 min */
        uint32_t
                transports; /* bit 1 << Attachment (wire/probe.h) for each it was seen to work on */
        bool disc_out;      /* no disc may be in */
} Recipe;

typedef enum Evidence { EVIDENCE_SIMULATED, EVIDENCE_REPORTED, EVIDENCE_PROVEN } Evidence;
typedef enum Urgency { URGENCY_LOW, URGENCY_MEDIUM, URGENCY_HIGH, URGENCY_CRITICAL } Urgency;

typedef struct Entry {
        /* from the signed target */
        char path[TARGET_PATH_MAX + 1];
        uint64_t length;
        uint8_t sha256[32];

        /* from custom.discfw */
        uint8_t model[ENTRY_MODEL_LENGTH]; /* equals HEX24 of the path */
        char version[ENTRY_REVISION_SIZE]; /* what the drive says afterwards */
        char family[16];                   /* name of the protocol family: "btc", "plextor" */
        Recipe recipe;
        InquiryMask masks[ENTRY_MASKS_MAX];
        unsigned n_masks;
        ImageCheck checks[ENTRY_CHECKS_MAX];
        unsigned n_checks;
        Edge *edges;
        unsigned n_edges;
        uint8_t model_after[ENTRY_MODEL_LENGTH]; /* the name may change */
        bool power_cycle;                        /* it must be switched off before it says so */
        char release_date[11];                   /* "2004-05-01", or "" */
        char channel[16];                        /* "stable", "testing" */
        Evidence evidence;
        Urgency urgency;
        char *notes;     /* or NULL */
        char *withdrawn; /* why it must not be written any more, or NULL */
        char *hazards[ENTRY_HAZARDS_MAX];
        unsigned n_hazards;
        char *sources[ENTRY_SOURCES_MAX]; /* where the bytes may be had, besides the mirrors */
        unsigned n_sources;
} Entry;

/* Parses and checks custom.discfw. PATH, LENGTH and SHA256 are those of the target. Refuses with
 * FAULT_CATALOG_MALFORMED and a text that names the member. Unknown members are refused too, but for
 * those beginning with "x-". */
int entry_parse(const char *path, uint64_t length, const uint8_t sha256[32], const char *json,
                size_t n_json, Entry **ret_entry, Fault *fault);
Entry *entry_free(Entry *entry);
DEFINE_CLEANUP(Entry *, entry_free)

/* The edge of this entry that leads away from REVISION and is of one of KINDS (bits), or NULL. */
const Edge *entry_edge(const Entry *entry, const char *revision, unsigned kinds);

/* INQUIRY data (whole, as the drive sent it) passes the masks; false if it is too short for one. */
bool entry_masks_match(const Entry *entry, const uint8_t *inquiry, size_t n_inquiry);

/* The image holds what it must at the declared places. FAULT_IMAGE_IDENTITY says what was found and
 * wanted. */
int entry_check_image(const Entry *entry, const uint8_t *image, size_t n_image, Fault *fault);

/* "drive/HEX24/": what all target paths for a model begin with. */
#define ENTRY_PREFIX_SIZE (6 + 48 + 1 + 1)
void entry_prefix(const uint8_t model[ENTRY_MODEL_LENGTH], char ret_prefix[ENTRY_PREFIX_SIZE]);

/* "0043" as four characters, from JSON or a person: padded with blanks; false if too long or not
 * printable ASCII. */
bool revision_from_text(const char *text, char ret_revision[ENTRY_REVISION_SIZE]);

/* NULL beyond the last one, so that they can be walked. */
const char *edge_kind_name(EdgeKind kind);
const char *evidence_name(Evidence evidence); /* "simulated", "reported", "proven" */
const char *urgency_name(Urgency urgency);

/* The name of a bit of Recipe.transports, from 1 on; NULL beyond the last. The same as
 * attachment_name()'s: this layer may not include wire, so a test of a layer above compares them. */
const char *transport_name(unsigned bit);
