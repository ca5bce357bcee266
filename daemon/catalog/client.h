/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The inside of the TUF client, for its own files: tuf.c, refresh.c and search.c. */
#pragma once

#include "catalog/tuf.h"

struct Tuf {
        TufIo io;
        TufOptions options;
        Metadata *root;
        Metadata *timestamp;
        Metadata *snapshot;
        /* "targets" first, then delegated roles in the order in which they were needed. A name can be
         * there twice if two delegators want other signatures; entries live as long as the client. */
        Metadata **targets;
        size_t n_targets;
        bool refreshed;
        bool has_seen;
        int64_t seen_version;
        int64_t seen_signed;
};

/* A function that failed leaves a fault, whatever it was: for the last line of what others call. */
int tuf_explain(int r, Fault *fault);

/* A targets role, "targets" itself or a delegated one: from memory, else from the store, else from the
 * mirror, with every check of 5.6. KEYS are those of the delegator in hand, WHO is its label: what
 * one delegator accepts says nothing of another. */
int tuf_load_targets(Tuf *tuf, const char *name, const RoleKeys *keys, const char *who,
                     const Metadata **ret_targets, Fault *fault) _must_check_;
