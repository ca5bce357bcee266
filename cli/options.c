/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/options.h"

#include <assert.h>
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <string.h>

static const OptionFace faces[_OPTION_MAX] = {
        [OPTION_JSON] = { "json", 'j', NULL,
                          "print the daemon's reply: one object, or one a line" },
        [OPTION_HOST] = { "host", 'H', "HOST", "ask the daemon of another machine, through ssh" },
        [OPTION_DIR] = { "dir", 'd', "DIR", "ask the standalone daemon of DIR (or DISCFW_DIR)" },
        [OPTION_SOCKET] = { "socket", 's', "PATH", "ask the daemon that listens on PATH" },
        [OPTION_COLOR] = { "color", 0, "WHEN", "colours: auto, always or never" },
        [OPTION_ASCII] = { "ascii", 0, NULL, "no characters beyond ASCII" },
        [OPTION_NO_PAGER] = { "no-pager", 0, NULL, "long texts go straight to the terminal" },
        [OPTION_QUIET] = { "quiet", 'q', NULL, "only results and errors, no progress" },
        [OPTION_HELP] = { "help", 'h', NULL, "explain the verb" },
        [OPTION_VERSION] = { "version", 'V', NULL, "the version, and those of the libraries" },
        [OPTION_OUTPUT] = { "output", 'o', "WHAT", "columns (NAME,... or +NAME,...), or a file" },
        [OPTION_YES] = { "yes", 'y', NULL, "agree beforehand; needed where nobody can be asked" },
        [OPTION_ALL] = { "all", 'a', NULL, "all drives" },
        [OPTION_TO] = { "to", 't', "VERSION", "which firmware it is to be" },
        [OPTION_REFLASH] = { "reflash", 0, NULL, "write again what the drive has already" },
        [OPTION_DRY_RUN] = { "dry-run", 'n', NULL, "say what would be done, and do nothing" },
        [OPTION_REASON] = { "reason", 'r', "TEXT", "why, for the audit log" },
        [OPTION_LIMIT] = { "limit", 'l', "N", "at most so many" },
        [OPTION_BEFORE] = { "before", 0, "SEQ", "only what is older than entry SEQ" },
        [OPTION_FILE] = { "file", 'f', "FILE", "an exported log; no daemon is asked" },
        [OPTION_KEY] = { "key", 0, "KEY", "the verifier key that the log must be signed with" },
        [OPTION_HEAD] = { "head", 0, "FILE",
                          "a signed head kept elsewhere, which must be part of it" },
};

const OptionFace *option_face(OptionId id) {
        assert(id < _OPTION_MAX);
        return &faces[id];
}

#define LONG_ONLY 256 /* value of getopt_long() for options without a letter: this and the id */

static void fill_tables(struct option longs[_OPTION_MAX + 1], char shorts[3 * _OPTION_MAX + 2]) {
        char *p = shorts;

        *p++ = ':'; /* so that a missing argument is told from an unknown option */
        for (int i = 0; i < _OPTION_MAX; i++) {
                const OptionFace *face = &faces[i];

                longs[i] = (struct option){ face->name,
                                            face->argument ? required_argument : no_argument, NULL,
                                            LONG_ONLY + i };
                if (!face->letter)
                        continue;
                *p++ = face->letter;
                if (face->argument)
                        *p++ = ':';
        }
        longs[_OPTION_MAX] = (struct option){};
        *p = '\0';
}

static OptionId option_by_value(int value) {
        int i = 0;

        if (value >= LONG_ONLY)
                return (OptionId)(value - LONG_ONLY);
        while (faces[i].letter != value)
                i++;
        return (OptionId)i;
}

int options_parse(int argc, char *argv[], Options *ret_options, int *ret_first_operand,
                  Fault *fault) {
        struct option longs[_OPTION_MAX + 1];
        char shorts[3 * _OPTION_MAX + 2];
        Options options = {};
        int c;

        fill_tables(longs, shorts);
        optind = 0; /* tests parse more than once */
        opterr = 0;
        while ((c = getopt_long(argc, argv, shorts, longs, NULL)) >= 0) {
                const char *said = argv[optind - 1];
                OptionId id;

                if (c == ':')
                        return fault_set(fault, FAULT_BAD_REQUEST, "%s needs an argument", said);
                if (c == '?' && optopt && optopt < LONG_ONLY)
                        return fault_set(fault, FAULT_BAD_REQUEST, "unknown option -%c", optopt);
                if (c == '?')
                        return fault_set(fault, FAULT_BAD_REQUEST,
                                         optopt ? "%s takes no argument"
                                                : "unknown or ambiguous option %s",
                                         said);
                id = option_by_value(c);
                if (faces[id].argument && option_given(&options, id))
                        return fault_set(fault, FAULT_BAD_REQUEST, "--%s is said twice",
                                         faces[id].name);
                options.given |= OPTION_BIT(id);
                options.value[id] = optarg;
        }

        *ret_options = options;
        *ret_first_operand = optind;
        return 0;
}

int options_number(const Options *options, OptionId id, int64_t max, int64_t preset,
                   int64_t *ret_number, Fault *fault) {
        const char *text = options->value[id];
        char *end;
        long long number;

        if (!text) {
                *ret_number = preset;
                return 0;
        }
        errno = 0;
        number = strtoll(text, &end, 10);
        if (errno || end == text || *end || number < 1 || number > max)
                return fault_set(fault, FAULT_BAD_REQUEST,
                                 "--%s is \"%s\", wanted a number from 1 to %" PRId64,
                                 faces[id].name, text, max);
        *ret_number = number;
        return 0;
}
