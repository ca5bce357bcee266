/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/log.h"
#include "cli/catalog/maker.h"
#include "cli/catalog/sign.h"

typedef struct Signing {
        Work *work;
        bool all; /* also what has no draft and is signed well */
        unsigned n_signed;
} Signing;

static int report(const Work *work, const char *role, Fault *fault) {
        int64_t version;
        int r = work_version(work, role, &version, fault);

        if (r == 0)
                printf("signed %s, version %" PRId64 "\n", role, version);
        return r;
}

/* Cut off after the signature, the draft is signed once more: a version too many harms nobody. */
static int sign_draft(Signing *signing, const char *role, Fault *fault) {
        _cleanup_json_ json_t *body = NULL;
        bool good;
        int r;

        r = sign_is_good(signing->work, role, &good, fault);
        if (r < 0 || (good && !signing->all && !work_has_draft(signing->work, role)))
                return r;
        r = work_body(signing->work, role, &body, fault);
        if (r == 0)
                r = sign_role(signing->work, role, body, fault);
        if (r == 0)
                r = work_drop_draft(signing->work, role, fault);
        if (r < 0)
                return r;

        signing->n_signed++;
        return report(signing->work, role, fault);
}

static int on_role(void *userdata, const char *role, Fault *fault) {
        return strcmp(role, "targets") == 0 ? 0 : sign_draft(userdata, role, fault);
}

/* Makers before targets, which may name them for the first time. */
static int sign_targets(Signing *signing, Fault *fault) {
        int r = work_each_targets_role(signing->work, on_role, signing, fault);

        return r < 0 ? r : sign_draft(signing, "targets", fault);
}

static int report_top(const Work *work, Fault *fault) {
        int r = report(work, "snapshot", fault);

        return r < 0 ? r : report(work, "timestamp", fault);
}

int verb_sign(const Arguments *arguments, Fault *fault) {
        _cleanup_(work_closep) Work *work = NULL;
        Signing signing = {};
        bool changed;
        int r;

        r = open_work(arguments, true, &work, fault);
        if (r < 0)
                return r;
        signing.work = work;

        r = sign_targets(&signing, fault);
        if (r == 0)
                r = sign_top(work, false, &changed, fault);
        if (r < 0)
                return r;
        if (!changed) {
                puts("nothing to sign");
                return EXIT_DONE;
        }
        r = report_top(work, fault);
        return r < 0 ? r : EXIT_DONE;
}

static int renew_root(Work *work, Fault *fault) {
        _cleanup_json_ json_t *body = NULL;
        int r = work_signed_body(work, "root", &body, fault);

        if (r == 0)
                r = sign_root(work, body, fault);
        return r < 0 ? r : report(work, "root", fault);
}

int verb_renew(const Arguments *arguments, Fault *fault) {
        _cleanup_(work_closep) Work *work = NULL;
        Signing signing = { .all = true };
        int r;

        r = open_work(arguments, true, &work, fault);
        if (r < 0)
                return r;
        signing.work = work;

        if (arguments->values[OPTION_ALL]) {
                r = renew_root(work, fault);
                if (r == 0)
                        r = sign_targets(&signing, fault);
        }
        if (r == 0)
                r = sign_top(work, true, NULL, fault);
        if (r == 0)
                r = report_top(work, fault);
        return r < 0 ? r : EXIT_DONE;
}
