/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* discfw-catalog: makes, signs and publishes catalogs. Runs as the catalog's maintainer, on whichever
 * machine the keys are; knows neither daemon nor drives nor network. */
#include <errno.h>
#include <getopt.h>
#include <jansson.h>
#include <openssl/crypto.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "cli/catalog/keys.h"
#include "cli/catalog/maker.h"
#include "cli/catalog/settings.h"

static const struct {
        const char *name, *argument, *text;
        char letter;
} faces[_OPTION_MAX] = {
        [OPTION_ALL] = { "all", NULL, "targets, makers and root, too", 0 },
        [OPTION_DAYS] = { "expires-days", "ROLE=DAYS", "how long a role is valid", 0 },
        [OPTION_IMAGE] = { "image", "[VERSION=]FILE", "an image of the description", 0 },
        [OPTION_IMAGES] = { "images", "DIR", "folder of the images", 0 },
        [OPTION_KEY] = { "key", "KEYID", "the key to replace", 0 },
        [OPTION_KEY_TYPE] = { "key-type", "TYPE", "ed25519 (default), ecdsa or rsa", 0 },
        [OPTION_MAKER] = { "maker", "NAME", "who signs it, instead of targets", 0 },
        [OPTION_MODEL] = { "model", "TEXT", "vendor and product, 24 characters", 0 },
        [OPTION_NAME] = { "name", "NAME", "what machines know the catalog by", 0 },
        [OPTION_OUTPUT] = { "output", "FILE", "instead of standard output", 'o' },
        [OPTION_PATHS] = { "paths", "PATTERN", "what the maker may sign; several times", 0 },
        [OPTION_REASON] = { "reason", "TEXT", "why; users read it", 0 },
        [OPTION_ROOT] = { "root", "FILE", "the root that the client has", 0 },
        [OPTION_ROOT_KEYS] = { "root-keys", "N", "how many root keys there are (1)", 0 },
        [OPTION_THRESHOLD] = { "threshold", "N", "how many of them must sign (1)", 0 },
        [OPTION_DIRECTORY] = { "directory", "DIR", "the work folder (.)", 'C' },
        [OPTION_HELP] = { "help", NULL, "this text; of a verb if one is given", 'h' },
        [OPTION_KEYS] = { "keys", "DIR", "where the private keys are (DIR/keys)", 0 },
        [OPTION_PASSPHRASE_FILE] = { "passphrase-file", "FILE", "its first line opens the keys",
                                     0 },
        [OPTION_VERSION] = { "version", NULL, "versions of this program and its libraries", 0 },
};

static void print_option(MakerOption option) {
        char left[64];

        text_format(left, sizeof(left), "--%s%s%s", faces[option].name,
                    faces[option].argument ? " " : "",
                    faces[option].argument ? faces[option].argument : "");
        printf("  %c%c%c %-28s %s\n", faces[option].letter ? '-' : ' ',
               faces[option].letter ? faces[option].letter : ' ', faces[option].letter ? ',' : ' ',
               left, faces[option].text);
}

static void print_options(const char *title, unsigned options) {
        if (!options)
                return;

        printf("\n%s\n", title);
        for (MakerOption option = 0; option < _OPTION_MAX; option++)
                if (options & OPTION_BIT(option))
                        print_option(option);
}

static int print_help(const MakerVerb *verb) {
        if (verb) {
                printf("discfw-catalog [OPTION...] %s%s%s: %s\n", verb->name,
                       *verb->operands ? " " : "", verb->operands, verb->summary);
                if (*verb->text)
                        printf("\n%s\n", verb->text);
                print_options("Options of this verb:", verb->options);
        } else {
                puts("discfw-catalog [OPTION...] VERB ...: makes, signs and publishes catalogs of\n"
                     "firmware for optical drives\n");
                for (verb = maker_verbs; verb->name; verb++)
                        printf("  %-12s %s\n", verb->name, verb->summary);
        }

        print_options("Options of every verb:", OPTIONS_GLOBAL & (OPTION_BIT(_OPTION_MAX) - 1));
        puts("\n\"discfw-catalog VERB --help\" says more; discfw-catalog(1) says all.");
        return EXIT_DONE;
}

static int print_version(void) {
        printf("%s (jansson %s, %s)\n", PACKAGE_STRING, jansson_version_str(),
               OpenSSL_version(OPENSSL_VERSION));
        return EXIT_DONE;
}

static int usage(Fault *fault, const char *format, ...) _printf_(2, 3);
static int usage(Fault *fault, const char *format, ...) {
        va_list ap;

        va_start(ap, format);
        (void)fault_set_v(fault, FAULT_BAD_REQUEST, format, ap);
        va_end(ap);
        return -EBADE;
}

static int append(const char *value, const char **list, unsigned *n, Fault *fault) {
        if (*n == ARG_LIST_MAX)
                return usage(fault, "an option is given more than %d times", ARG_LIST_MAX);
        list[(*n)++] = value;
        return 0;
}

static int take_days(Arguments *arguments, const char *value, Fault *fault) {
        const char *equals = strchr(value, '=');
        char role[16];

        if (!equals || (size_t)(equals - value) >= sizeof(role))
                return usage(fault, "--expires-days %s is not ROLE=DAYS", value);
        memcpy(role, value, (size_t)(equals - value));
        role[equals - value] = '\0';
        return settings_set_days(&arguments->settings, role, equals + 1, fault);
}

static int take_option(Arguments *arguments, MakerOption option, const char *value, Fault *fault) {
        arguments->values[option] = value ? value : "";
        switch (option) {
        case OPTION_IMAGE: return append(value, arguments->images, &arguments->n_images, fault);
        case OPTION_PATHS: return append(value, arguments->paths, &arguments->n_paths, fault);
        case OPTION_MODEL: return append(value, arguments->models, &arguments->n_models, fault);
        case OPTION_DAYS: return take_days(arguments, value, fault);
        default: return 0;
        }
}

static int parse_arguments(int argc, char *argv[], Arguments *arguments, Fault *fault) {
        struct option options[_OPTION_MAX + 1] = {};
        int c;

        for (int i = 0; i < _OPTION_MAX; i++)
                options[i] = (struct option){ faces[i].name,
                                              faces[i].argument ? required_argument : no_argument,
                                              NULL, 256 + i };

        opterr = 0;
        while ((c = getopt_long(argc, argv, "C:ho:", options, NULL)) >= 0) {
                int option = c - 256, r;

                for (int i = 0; c < 256 && i < _OPTION_MAX; i++)
                        if (faces[i].letter == c)
                                option = i;
                if (option < 0 || option >= _OPTION_MAX)
                        return usage(fault, "%s: no such option, or it lacks its value",
                                     argv[optind - 1]);
                r = take_option(arguments, (MakerOption)option, optarg, fault);
                if (r < 0)
                        return r;
        }

        arguments->operands = argv + optind;
        arguments->n_operands = argc - optind;
        return 0;
}

static const MakerVerb *find_verb(const char *name) {
        for (const MakerVerb *verb = maker_verbs; verb->name; verb++)
                if (strcmp(verb->name, name) == 0)
                        return verb;

        return NULL;
}

/* An option that the verb does not take would be a wish that is not heard. */
static int check_verb(const MakerVerb *verb, const Arguments *arguments, Fault *fault) {
        for (int i = 0; i < _OPTION_MAX; i++)
                if (arguments->values[i] && !((verb->options | OPTIONS_GLOBAL) & OPTION_BIT(i)))
                        return usage(fault, "\"%s\" has no --%s", verb->name, faces[i].name);
        if (arguments->n_operands < verb->n_min)
                return usage(fault, "\"%s\" needs %s", verb->name, verb->operands);
        if (verb->n_max >= 0 && arguments->n_operands > verb->n_max)
                return usage(fault, "too many operands for \"%s%s%s\"", verb->name,
                             *verb->operands ? " " : "", verb->operands);
        return 0;
}

int open_work(const Arguments *arguments, bool write, Work **ret_work, Fault *fault) {
        const char *path = arguments->values[OPTION_DIRECTORY];

        return work_open(path ? path : ".", arguments->values[OPTION_KEYS], write, ret_work, fault);
}

static int run(int argc, char *argv[], Fault *fault) {
        Arguments arguments = {};
        const MakerVerb *verb = NULL;
        int r;

        settings_defaults(&arguments.settings);
        r = parse_arguments(argc, argv, &arguments, fault);
        if (r < 0)
                return r;
        if (arguments.values[OPTION_VERSION])
                return print_version();

        if (arguments.n_operands > 0) {
                verb = find_verb(arguments.operands[0]);
                if (!verb)
                        return usage(fault, "\"%s\" is no verb", arguments.operands[0]);
                arguments.operands++;
                arguments.n_operands--;
        }
        if (arguments.values[OPTION_HELP])
                return print_help(verb);
        if (!verb)
                return usage(fault, "a verb is missing");

        r = check_verb(verb, &arguments, fault);
        if (r < 0)
                return r;
        passphrase_from(arguments.values[OPTION_PASSPHRASE_FILE]
                                ? arguments.values[OPTION_PASSPHRASE_FILE]
                                : getenv("DISCFW_CATALOG_PASSPHRASE_FILE"));
        return verb->run(&arguments, fault);
}

int main(int argc, char *argv[]) {
        Fault fault = {};
        int r;

        log_open("discfw-catalog");
        r = run(argc, argv, &fault);
        passphrase_forget();

        if (r == -EBADE && fault.code != FAULT_NONE) {
                log_error("%s", fault.text);
                if (fault.code == FAULT_BAD_REQUEST)
                        log_error("\"discfw-catalog --help\" shows how it is used");
                return fault_exit_status(fault.code);
        }
        if (r < 0) {
                log_error("%s", strerror(-r));
                return EXIT_FAILED;
        }
        if (fflush(stdout) != 0 || ferror(stdout)) {
                log_error("cannot write to standard output: %s", strerror(errno));
                return EXIT_FAILED;
        }
        return r;
}
