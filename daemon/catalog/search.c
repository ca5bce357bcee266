/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Delegations (TUF 4.5 and 5.6.7): who may speak for a path, in which order. */
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "catalog/client.h"

#define ROLES_MAX (DELEGATIONS_MAX + 1) /* "targets", and so many that it leads to */

/* A role on the way, with the next of its delegations to look at. */
typedef struct Frame {
        const Metadata *role;
        size_t next;
} Frame;

/* Pre-order, depth first, children as they are listed: a stack of the roles from "targets" down to
 * the one in hand. */
typedef struct Search {
        TargetPath path;
        Frame frames[ROLES_MAX];
        unsigned depth;
        const char *visited[ROLES_MAX];
        unsigned n_visited;
} Search;

static int too_many(const Metadata *role, Fault *fault) {
        return fault_set(fault, FAULT_LIMIT,
                         "more than %d roles must be asked, the last of them by %s",
                         DELEGATIONS_MAX, role->label);
}

static bool is_visited(const Search *search, const char *name) {
        for (unsigned i = 0; i < search->n_visited; i++)
                if (strcmp(search->visited[i], name) == 0)
                        return true;
        return false;
}

static void visit(Search *search, const Metadata *role) {
        assert(search->n_visited < ROLES_MAX);

        search->frames[search->depth++] = (Frame){ .role = role };
        search->visited[search->n_visited++] = role->name;
}

static bool found(const Search *search, TufTarget *ret_target) {
        TufTarget target = {};

        if (!targets_find(search->frames[search->depth - 1].role, search->path.text, &target.meta,
                          &target.custom))
                return false;
        for (unsigned i = 0; i < search->depth; i++)
                target.roles[target.n_roles++] = search->frames[i].role->name;
        *ret_target = target;
        return true;
}

/* The next delegation that is for the path and whose role was not asked yet. */
static bool next_delegation(Search *search, Delegation *ret_delegation) {
        while (search->depth > 0) {
                Frame *frame = &search->frames[search->depth - 1];

                if (frame->next >= targets_n_delegations(frame->role)) {
                        search->depth--;
                        continue;
                }
                targets_delegation(frame->role, frame->next++, ret_delegation);
                if (!delegation_matches(ret_delegation, &search->path))
                        continue;
                /* Nothing else of any level is asked after it and what is below it (CVE-2025-2886). */
                if (ret_delegation->terminating)
                        for (unsigned i = 0; i < search->depth; i++)
                                search->frames[i].next = SIZE_MAX;
                if (!is_visited(search, ret_delegation->name))
                        return true;
        }
        return false;
}

static int find(Tuf *tuf, const char *path, TufTarget *ret_target, Fault *fault) {
        Search search = {};
        Delegation delegation;
        const Metadata *role;
        int r;

        r = target_path_init(path, &search.path);
        if (r < 0)
                return r;
        visit(&search, tuf->targets[0]);
        while (!found(&search, ret_target)) {
                const Metadata *delegator;

                if (!next_delegation(&search, &delegation))
                        return -ENOENT;
                delegator = search.frames[search.depth - 1].role;
                if (search.n_visited == ROLES_MAX)
                        return too_many(delegator, fault);
                r = tuf_load_targets(tuf, delegation.name, &delegation.keys, delegator->label,
                                     &role, fault);
                if (r < 0)
                        return r;
                visit(&search, role);
        }
        ret_target->path = path;
        return 0;
}

int tuf_find(Tuf *tuf, const char *path, TufTarget *ret_target, Fault *fault) {
        int r;

        assert(tuf->refreshed);

        r = find(tuf, path, ret_target, fault);
        return r == -ENOENT ? r : tuf_explain(r, fault);
}

/* A listing is many searches at once. It walks the tree of delegations that may hold any path below
 * the prefix; what a single search would decide by its path is decided for each path that is met:
 * whether all delegations on the way are for it, and whether a terminating one before has closed the
 * search for it. A role may be met on several ways, so that only circles are cut. */
typedef struct Way {
        const struct Way *above; /* NULL for "targets" */
        Delegation delegation;
        bool closed; /* it is terminating, and all below it was seen */
} Way;

typedef struct Listing {
        Tuf *tuf;
        const char *prefix;
        TufOnTarget on_target;
        void *userdata;
        json_t *seen; /* paths that were told */
        Way **ways;   /* all that were taken, in order */
        size_t n_ways;
        unsigned n_roles;
} Listing;

static bool is_for(const Way *way, const TargetPath *path) {
        for (; way; way = way->above)
                if (!delegation_matches(&way->delegation, path))
                        return false;
        return true;
}

static bool is_closed(const Listing *listing, const TargetPath *path) {
        for (size_t i = 0; i < listing->n_ways; i++)
                if (listing->ways[i]->closed && is_for(listing->ways[i], path))
                        return true;
        return false;
}

static int tell(Listing *listing, const Way *way, const Metadata *role, const char *text) {
        TufTarget target = { .path = text };
        TargetPath path;
        unsigned depth = 1;
        int r;

        r = target_path_init(text, &path);
        if (r < 0)
                return r;
        if (json_object_get(listing->seen, text) || !is_for(way, &path) ||
            is_closed(listing, &path))
                return 0;
        if (json_object_set_new(listing->seen, text, json_true()) < 0)
                return -ENOMEM;
        (void)targets_find(role, text, &target.meta, &target.custom);
        for (const Way *w = way; w; w = w->above)
                depth++;
        target.n_roles = depth;
        for (const Way *w = way; w; w = w->above)
                target.roles[--depth] = w->delegation.name;
        target.roles[0] = listing->tuf->targets[0]->name;
        return listing->on_target(listing->userdata, &target);
}

static bool is_circle(const Way *way, const char *name) {
        for (; way; way = way->above)
                if (strcmp(way->delegation.name, name) == 0)
                        return true;
        return false;
}

static int take_way(Listing *listing, const Way *above, const Delegation *delegation,
                    Way **ret_way) {
        Way **larger = reallocarray(listing->ways, listing->n_ways + 1, sizeof(*larger));
        Way *way;

        if (!larger)
                return -ENOMEM;
        listing->ways = larger;
        way = calloc(1, sizeof(*way));
        if (!way)
                return -ENOMEM;
        *way = (Way){ .above = above, .delegation = *delegation };
        listing->ways[listing->n_ways++] = way;
        *ret_way = way;
        return 0;
}

/* Recursion is as deep as the roles are many, ROLES_MAX at most. */
static int list_role(Listing *listing, const Way *way, const Metadata *role, Fault *fault) {
        size_t n_prefix = strlen(listing->prefix);
        Delegation delegation;
        const Metadata *child;
        const char *path;
        json_t *target;
        Way *below;
        int r;

        json_object_foreach((json_t *)targets_all(role), path, target) {
                r = strncmp(path, listing->prefix, n_prefix) == 0 ? tell(listing, way, role, path)
                                                                  : 0;
                if (r < 0)
                        return r;
        }
        for (size_t i = 0; i < targets_n_delegations(role); i++) {
                targets_delegation(role, i, &delegation);
                if (!delegation_reaches(&delegation, listing->prefix))
                        continue;
                r = take_way(listing, way, &delegation, &below);
                if (r < 0)
                        return r;
                if (!is_circle(way, delegation.name)) {
                        if (listing->n_roles++ == DELEGATIONS_MAX)
                                return too_many(role, fault);
                        r = tuf_load_targets(listing->tuf, delegation.name, &delegation.keys,
                                             role->label, &child, fault);
                        if (r == 0)
                                r = list_role(listing, below, child, fault);
                        if (r < 0)
                                return r;
                }
                below->closed = delegation.terminating;
        }
        return 0;
}

int tuf_list(Tuf *tuf, const char *prefix, TufOnTarget on_target, void *userdata, Fault *fault) {
        Listing listing = {
                .tuf = tuf, .prefix = prefix, .on_target = on_target, .userdata = userdata
        };
        int r = -ENOMEM;

        assert(tuf->refreshed);

        listing.seen = json_object();
        if (listing.seen)
                r = list_role(&listing, NULL, tuf->targets[0], fault);
        for (size_t i = 0; i < listing.n_ways; i++)
                free(listing.ways[i]);
        free(listing.ways);
        json_decref(listing.seen);
        return tuf_explain(r, fault);
}
