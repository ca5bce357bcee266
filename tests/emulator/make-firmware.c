/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* discfw-make-firmware: firmware for emulated drives, see image.h for what is real about it. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/log.h"
#include "tests/emulator/image-make.h"

static ImageRecipe arg_recipe;
static const char *arg_output;

static void help(FILE *file) {
        fputs("usage: discfw-make-firmware --family btc|plextor --product TEXT --revision TEXT -o "
              "FILE\n"
              "Makes a synthetic image in a family's real layout.\n\n"
              "  --vendor TEXT    8 characters, padded with blanks (blank)\n"
              "  --product TEXT   16 characters, padded with blanks\n"
              "  --revision TEXT  4 characters\n"
              "  --variant TEXT   marks the code as made for this hardware only: what the model\n"
              "                   of a drive has as \"hardware\"; a drive of another is ruined\n"
              "  --base N         another body under the same name\n"
              "  --corrupt sum|identity|size\n"
              "  -o FILE\n",
              file);
}

static bool parse_field(const char *text, char *ret_field, size_t size) {
        size_t n = strlen(text);

        if (n > size)
                return false;
        memset(ret_field, ' ', size);
        memcpy(ret_field, text, n);
        return true;
}

static bool parse_family(const char *text, FamilyName *ret_family) {
        if (strcmp(text, "btc") == 0)
                *ret_family = FAMILY_BTC;
        else if (strcmp(text, "plextor") == 0)
                *ret_family = FAMILY_PLEXTOR;
        else
                return false;
        return true;
}

static bool parse_flaw(const char *text, ImageFlaw *ret_flaw) {
        static const char *const flaws[] = { "", "sum", "identity", "size" };

        for (unsigned i = FLAW_SUM; i < N_ELEMENTS(flaws); i++)
                if (strcmp(text, flaws[i]) == 0) {
                        *ret_flaw = (ImageFlaw)i;
                        return true;
                }
        return false;
}

static bool parse_base(const char *text, uint64_t *ret_base) {
        char *end;

        errno = 0;
        *ret_base = strtoull(text, &end, 0);
        return !errno && end != text && !*end;
}

enum { FAMILY = 256, VENDOR, PRODUCT, REVISION, VARIANT, BASE, CORRUPT, HELP };

static bool take(int option, const char *value) {
        Firmware *firmware = &arg_recipe.firmware;

        switch (option) {
        case FAMILY: return parse_family(value, &arg_recipe.family);
        case VENDOR: return parse_field(value, firmware->identity, 8);
        case PRODUCT: return parse_field(value, firmware->identity + 8, 16);
        case REVISION: return parse_field(value, firmware->revision, REVISION_LENGTH);
        case VARIANT:
                arg_recipe.has_hardware = true;
                return parse_field(value, arg_recipe.hardware, HARDWARE_LENGTH);
        case BASE: return parse_base(value, &arg_recipe.base);
        case CORRUPT: return parse_flaw(value, &arg_recipe.flaw);
        case 'o': arg_output = value; return true;
        default: return false;
        }
}

/* Returns 1 to go on, 0 if all is said, negative if it was no command line. */
static int parse_arguments(int argc, char *argv[]) {
        static const struct option options[] = {
                { "family", required_argument, NULL, FAMILY },
                { "vendor", required_argument, NULL, VENDOR },
                { "product", required_argument, NULL, PRODUCT },
                { "revision", required_argument, NULL, REVISION },
                { "variant", required_argument, NULL, VARIANT },
                { "base", required_argument, NULL, BASE },
                { "corrupt", required_argument, NULL, CORRUPT },
                { "help", no_argument, NULL, HELP },
                {},
        };
        const Firmware *firmware = &arg_recipe.firmware;
        int c;

        (void)take(VENDOR, "");
        while ((c = getopt_long(argc, argv, "o:", options, NULL)) >= 0) {
                if (c == HELP) {
                        help(stdout);
                        return 0;
                }
                if (!take(c, optarg))
                        return -EINVAL;
        }
        return arg_recipe.family != FAMILY_NONE && firmware->identity[8] && firmware->revision[0] &&
                               arg_output && optind == argc
                       ? 1
                       : -EINVAL;
}

int main(int argc, char *argv[]) {
        _cleanup_free_ uint8_t *image = NULL;
        Fault fault = {};
        uint32_t n_image;
        int r;

        log_open("discfw-make-firmware");
        r = parse_arguments(argc, argv);
        if (r < 0)
                help(stderr);
        if (r <= 0)
                return r < 0 ? EXIT_USAGE : 0;
        r = image_make(&arg_recipe, &image, &n_image, &fault);
        if (r == 0)
                r = file_write_atomic(AT_FDCWD, arg_output, image, n_image, 0644);
        if (r < 0)
                log_error("%s: %s", arg_output, fault.code ? fault.text : strerror(-r));
        return r < 0 ? EXIT_FAILURE : 0;
}
