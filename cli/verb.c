/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The verbs. This table feeds dispatch and help; tests/lint/faces.py holds the manual and the
 * completions against it. */
#include <string.h>
#include <strings.h>

#include "cli/cli.h"

#define BIT OPTION_BIT

const Verb verbs[] = {
        { "status", "", "the drives, what is newer, and what needs a person",
          "This is what \"discfw\" alone does too. It shows what each drive runs and what is "
          "newer, "
          "how fresh the catalogs are, the flash that is running, and all that needs a person.",
          0, 0, 0, false, verb_status },
        { "list", "", "the drives as a table",
          "With --all, also drives that were seen once and are not attached. Columns are chosen "
          "with "
          "-o, for example -o DRIVE,SERIAL or -o +ATTACHMENT. There are DRIVE, MODEL, FIRMWARE, "
          "NEWEST, STATE, NODE, SERIAL, ID, CLASS, ATTACHMENT, ATTACHED, HELD and STEPS.",
          BIT(OPTION_ALL) | BIT(OPTION_OUTPUT), 0, 0, false, verb_list },
        { "show", "DRIVE", "one drive whole",
          "Its identity, how it is attached, its firmware, the ways forward and back, what "
          "catalogs "
          "know for it, its history and its counters. DRIVE is a node (sr0, /dev/sg1), a serial "
          "number, "
          "or the beginning of a drive's id that fits no other.",
          0, 1, 1, true, verb_show },
        { "check", "", "fetch the catalogs, then say what is newer",
          "Exit status 10 means that there are updates, 0 that there are none.", 0, 0, 0, false,
          verb_check },
        { "refresh", "[CATALOG]", "fetch and verify the catalogs now",
          "Exit status 6 means that at least one of them is not fresh.", 0, 0, 1, false,
          verb_refresh },
        { "update", "DRIVE...", "bring drives forward to newer firmware",
          "Shows the plan first: from where to where over which steps, what is known about them, "
          "whether there is a way back, and how long it takes. Then asks; --yes agrees beforehand. "
          "Without --to it goes to the newest. Several drives are done one after the other, and "
          "the "
          "first that needs attention ends it. Ctrl-C leaves the view and not the flash.",
          BIT(OPTION_TO) | BIT(OPTION_REFLASH) | BIT(OPTION_DRY_RUN) | BIT(OPTION_YES) |
                  BIT(OPTION_REASON) | BIT(OPTION_ALL),
          0, -1, false, verb_update },
        { "rollback", "DRIVE", "bring a drive back to earlier firmware",
          "Without --to it goes to the nearest that a catalog declares as a way back. Policy may "
          "ask "
          "for a reason.",
          BIT(OPTION_TO) | BIT(OPTION_DRY_RUN) | BIT(OPTION_YES) | BIT(OPTION_REASON), 1, 1, false,
          verb_rollback },
        { "resolve", "DRIVE", "read a drive again whose flash ended in doubt",
          "For drives that were lost, whose flash ended unknown, or that needed to be switched "
          "off. "
          "Nothing is written: the drive is read, and the flash gets its outcome.",
          BIT(OPTION_REASON), 1, 1, false, verb_resolve },
        { "why", "DRIVE [VERSION]", "why a firmware is or is not offered, check by check",
          "Without VERSION, the newest one that is known.", 0, 1, 2, false, verb_why },
        { "history", "[DRIVE]", "what happened, newest first",
          "Shows the last 50 entries of the audit log, or as many as --limit says. With --before, "
          "those "
          "older than an entry. Columns are chosen with -o: SEQ, TIME, DRIVE, WHAT, FROM, TO, "
          "OUTCOME, "
          "USER, REASON, TEXT, MODEL, CATALOG, TARGET, SHA256, VIA, NODE, FAULT, SENSE, JOB and "
          "KERNEL.",
          BIT(OPTION_LIMIT) | BIT(OPTION_BEFORE) | BIT(OPTION_OUTPUT), 0, 1, true, verb_history },
        { "audit verify", "", "check that the audit log is whole",
          "With --file, an exported log is checked, and no daemon is asked. --key is the verifier "
          "key "
          "that must have signed it, --head a file with a signed head that was kept elsewhere. "
          "Exit "
          "status 7 means that it is not whole.",
          BIT(OPTION_FILE) | BIT(OPTION_KEY) | BIT(OPTION_HEAD), 0, 0, false, verb_audit_verify },
        { "audit export", "", "the audit log as lines of JSON",
          "With -o into a file, which appears when it is whole.", BIT(OPTION_OUTPUT), 0, 0, false,
          verb_audit_export },
        { "hold", "DRIVE", "no update for this drive until it is released", "", BIT(OPTION_REASON),
          1, 1, false, verb_hold },
        { "unhold", "DRIVE", "release a drive that is held", "", 0, 1, 1, false, verb_unhold },
        { "catalog list", "", "whom this machine trusts, and how fresh that is", "", 0, 0, 0, false,
          verb_catalog_list },
        { "catalog show", "CATALOG", "one catalog: its mirrors, roles and entries",
          "Entries are those for the drives of this machine.", 0, 1, 1, true, verb_catalog_show },
        { "catalog add", "CATALOG ROOT.json URL...", "trust a catalog from now on",
          "ROOT.json is the catalog's root of trust: get it from its maintainer in a way that you "
          "trust, and compare the SHA-256 that is shown. Each URL is a mirror: http, https, or an "
          "absolute folder. Writes below the folder of the configuration, so it must be run by "
          "root or "
          "its owner.",
          0, 3, -1, false, verb_catalog_add },
        { "catalog remove", "CATALOG", "trust a catalog no more",
          "What was installed from it stays, in the drives and in the history.", 0, 1, 1, false,
          verb_catalog_remove },
        { "monitor", "", "events as they happen",
          "Begins with the flash that is running, if there is one. Ctrl-C ends it.", 0, 0, 0, false,
          verb_monitor },
        { "doctor", "", "all that would stop an update, with the mend",
          "One page, to be pasted into a bug report. Exit status 1 means that there are problems.",
          0, 0, 0, true, verb_doctor },
        { "bridge", "", "the daemon's socket over standard input and output",
          "For \"discfw --host\", which starts it through ssh.", 0, 0, 0, false, verb_bridge },
        { "help", "[VERB]", "this, or what a verb does", "", 0, 0, 2, true, verb_help },
        {},
};

const Verb *verb_find(char *argv[], int n, int *ret_n_words) {
        for (const Verb *verb = verbs; verb->name; verb++) {
                size_t length = strlen(argv[0]);
                bool two = verb->name[strcspn(verb->name, " ")];

                if (!two && strcmp(verb->name, argv[0]) == 0) {
                        *ret_n_words = 1;
                        return verb;
                }
                if (two && n >= 2 && strncmp(verb->name, argv[0], length) == 0 &&
                    verb->name[length] == ' ' && strcmp(verb->name + length + 1, argv[1]) == 0) {
                        *ret_n_words = 2;
                        return verb;
                }
        }
        return NULL;
}

/* Levenshtein's distance; words longer than 15 letters are no verbs of ours. */
static unsigned distance(const char *a, const char *b) {
        unsigned row[16];
        size_t n = strlen(b);

        if (n > 15 || strlen(a) > 15)
                return 99;
        for (unsigned j = 0; j <= n; j++)
                row[j] = j;
        for (unsigned i = 1; *a; a++, i++) {
                unsigned corner = row[0];

                row[0] = i;
                for (size_t j = 1; j <= n; j++) {
                        unsigned best = corner + (*a != b[j - 1]);

                        corner = row[j];
                        if (row[j] + 1 < best)
                                best = row[j] + 1;
                        if (row[j - 1] + 1 < best)
                                best = row[j - 1] + 1;
                        row[j] = best;
                }
        }
        return row[n];
}

const char *verb_guess(const char *word) {
        const char *guess = NULL;
        unsigned best = 3; /* two slips are a guess, three another word */

        for (const Verb *verb = verbs; verb->name; verb++) {
                unsigned d = distance(word, verb->name);

                if (d < best) {
                        best = d;
                        guess = verb->name;
                }
        }
        return guess;
}
