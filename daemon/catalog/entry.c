/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "catalog/entry.h"

#include <assert.h>
#include <string.h>

#include "base/hex.h"
#include "base/text.h"

static const char *const kinds[] = {
        [EDGE_UPGRADE] = "upgrade",   [EDGE_STEP] = "step",       [EDGE_DOWNGRADE] = "downgrade",
        [EDGE_RECOVERY] = "recovery", [EDGE_REFLASH] = "reflash",
};

static const char *const evidences[] = {
        [EVIDENCE_SIMULATED] = "simulated",
        [EVIDENCE_REPORTED] = "reported",
        [EVIDENCE_PROVEN] = "proven",
};

static const char *const urgencies[] = {
        [URGENCY_LOW] = "low",
        [URGENCY_MEDIUM] = "medium",
        [URGENCY_HIGH] = "high",
        [URGENCY_CRITICAL] = "critical",
};

/* By bit, which is the value of Attachment in wire/probe.h. */
static const char *const transports[] = {
        [1] = "ata", [2] = "usb", [3] = "scsi", [4] = "firewire", [5] = "virtual", [6] = "emulated",
};

#define NAME_OF(names, value)                                                                      \
        ((unsigned)(value) < N_ELEMENTS(names) ? (names)[(unsigned)(value)] : NULL)

const char *edge_kind_name(EdgeKind kind) {
        return NAME_OF(kinds, kind);
}

const char *evidence_name(Evidence evidence) {
        return NAME_OF(evidences, evidence);
}

const char *urgency_name(Urgency urgency) {
        return NAME_OF(urgencies, urgency);
}

const char *transport_name(unsigned bit) {
        return NAME_OF(transports, bit);
}

static Edge *edges_free(Edge *edges, unsigned n_edges) {
        for (unsigned i = 0; edges && i < n_edges; i++) {
                free(edges[i].from);
                free(edges[i].irreversible);
                free(edges[i].loses);
        }
        free(edges);
        return NULL;
}

Entry *entry_free(Entry *entry) {
        if (!entry)
                return NULL;

        edges_free(entry->edges, entry->n_edges);
        free(entry->notes);
        free(entry->withdrawn);
        for (unsigned i = 0; i < entry->n_hazards; i++)
                free(entry->hazards[i]);
        for (unsigned i = 0; i < entry->n_sources; i++)
                free(entry->sources[i]);
        free(entry);
        return NULL;
}

const Edge *entry_edge(const Entry *entry, const char *revision, unsigned edge_kinds) {
        for (unsigned i = 0; i < entry->n_edges; i++) {
                const Edge *edge = &entry->edges[i];

                if (!(edge_kinds & 1u << edge->kind))
                        continue;
                for (unsigned k = 0; k < edge->n_from; k++)
                        if (strcmp(edge->from[k], revision) == 0)
                                return edge;
        }

        return NULL;
}

bool entry_masks_match(const Entry *entry, const uint8_t *inquiry, size_t n_inquiry) {
        for (unsigned i = 0; i < entry->n_masks; i++) {
                const InquiryMask *mask = &entry->masks[i];

                if ((size_t)mask->offset + mask->n_bytes > n_inquiry)
                        return false;
                for (unsigned k = 0; k < mask->n_bytes; k++)
                        if ((inquiry[mask->offset + k] & mask->mask[k]) != mask->value[k])
                                return false;
        }

        return true;
}

int entry_check_image(const Entry *entry, const uint8_t *image, size_t n_image, Fault *fault) {
        for (unsigned i = 0; i < entry->n_checks; i++) {
                const ImageCheck *check = &entry->checks[i];
                char found[4 * ENTRY_CHECK_LENGTH_MAX + 1], wanted[4 * ENTRY_CHECK_LENGTH_MAX + 1];

                if (check->n_bytes > n_image || check->offset > n_image - check->n_bytes)
                        return fault_set(fault, FAULT_IMAGE_IDENTITY,
                                         "image is %zu bytes long and ends before %Xh, where it "
                                         "should say which drive it is for",
                                         n_image, check->offset + check->n_bytes);
                if (memcmp(image + check->offset, check->bytes, check->n_bytes) == 0)
                        continue;

                text_from_field(image + check->offset, check->n_bytes, found, sizeof(found));
                text_from_field(check->bytes, check->n_bytes, wanted, sizeof(wanted));
                return fault_set(fault, FAULT_IMAGE_IDENTITY,
                                 "image says \"%s\" at %Xh, wanted \"%s\"", found, check->offset,
                                 wanted);
        }

        return 0;
}

void entry_prefix(const uint8_t model[ENTRY_MODEL_LENGTH], char ret_prefix[ENTRY_PREFIX_SIZE]) {
        memcpy(ret_prefix, "drive/", 6);
        hex_encode(model, ENTRY_MODEL_LENGTH, ret_prefix + 6);
        memcpy(ret_prefix + 6 + 2 * ENTRY_MODEL_LENGTH, "/", 2);
}

bool revision_from_text(const char *text, char ret_revision[ENTRY_REVISION_SIZE]) {
        size_t length = strnlen(text, ENTRY_REVISION_SIZE);

        if (length == 0 || length >= ENTRY_REVISION_SIZE || !text_is_plain(text))
                return false;

        memset(ret_revision, ' ', ENTRY_REVISION_SIZE - 1);
        memcpy(ret_revision, text, length);
        ret_revision[ENTRY_REVISION_SIZE - 1] = '\0';
        return true;
}
