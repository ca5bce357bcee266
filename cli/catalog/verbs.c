/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The verbs. The manual page is held against this table by tests/system/catalog.sh. */
#include "cli/catalog/maker.h"

#define BIT OPTION_BIT

const MakerVerb maker_verbs[] = {
        { "init", "DIR", "begin a catalog: its keys, its root, its first empty version",
          "Makes the work folder DIR with keys for root (--root-keys, of which --threshold must\n"
          "sign), targets, snapshot and timestamp, and signs the first version of each. Keys are\n"
          "encrypted; --keys puts them elsewhere, onto a medium that can be taken away. Each role\n"
          "is valid for so many days from its signing: --expires-days ROLE=DAYS.",
          BIT(OPTION_NAME) | BIT(OPTION_THRESHOLD) | BIT(OPTION_ROOT_KEYS) | BIT(OPTION_DAYS) |
                  BIT(OPTION_KEY_TYPE),
          1, 1, verb_init },
        { "add-maker", "NAME [PATTERN...]", "let somebody else sign for some drives",
          "Makes a key for NAME, and lets it sign targets that a PATTERN or --paths matches\n"
          "(\"drive/HEX24/*\"), or that are for a --model: the 24 characters of vendor and\n"
          "product, blanks included. Takes effect with the next \"sign\".",
          BIT(OPTION_PATHS) | BIT(OPTION_MODEL) | BIT(OPTION_KEY_TYPE), 1, -1, verb_add_maker },
        { "add", "DESCRIPTION", "take in firmware, as a readable file describes it",
          "Reads the description and its images, refuses what does not fit, and puts the entries\n"
          "into the draft: of targets, or of a --maker. What was there under the same path is\n"
          "replaced. --images names the folder of the images, --image FILE the only image, or\n"
          "--image VERSION=FILE one of several.",
          BIT(OPTION_IMAGE) | BIT(OPTION_IMAGES) | BIT(OPTION_MAKER), 1, 1, verb_add },
        { "withdraw", "TARGET", "say that an image must not be written any more",
          "TARGET is a path as \"show\" lists it, or the end of one. It stays in the catalog, so\n"
          "that drives which have it are known, with --reason. Takes effect with the next "
          "\"sign\".",
          BIT(OPTION_REASON), 1, 1, verb_withdraw },
        { "sign", "", "sign all drafts, and make snapshot and timestamp fit",
          "Version numbers go up by one. What was signed is never changed.", 0, 0, 0, verb_sign },
        { "renew", "", "sign snapshot and timestamp again, with a later expiry",
          "For a timer. With --all also targets, the makers, and the root.", BIT(OPTION_ALL), 0, 0,
          verb_renew },
        { "rotate-key", "ROLE", "replace the key of a role, or of a maker",
          "Makes a new key and a root that names it, signed by the old root keys, and for "
          "\"root\"\n"
          "by the new ones too; then signs the role again. For root all keys are replaced, or the\n"
          "one that --key names by the first digits of its id.",
          BIT(OPTION_KEY) | BIT(OPTION_KEY_TYPE), 1, 1, verb_rotate_key },
        { "publish", "OUTDIR", "write what is signed into a folder that mirrors serve",
          "Files first, the timestamp last, so that clients see the old state or the new one. May\n"
          "be repeated. Refuses to go back behind what OUTDIR has.",
          0, 1, 1, verb_publish },
        { "show", "", "what is in the catalog, who signs it, and until when it is valid", "", 0, 0,
          0, verb_show },
        { "check", "DIR", "look at a published folder as a client would",
          "Follows the root chain, from --root or else the oldest root in DIR, verifies every "
          "role,\n"
          "reads every entry, hashes every image. Exit status 6: clients would refuse something.",
          BIT(OPTION_ROOT), 1, 1, verb_check },
        { "export-root", "", "the newest root, for machines that are to trust this catalog",
          "To standard output, or into a file: -o.", BIT(OPTION_OUTPUT), 0, 0, verb_export_root },
        {},
};
