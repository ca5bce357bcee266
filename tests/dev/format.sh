# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=sh
git ls-files '*.[ch]' | xargs clang-format-14 -i --style=file
git diff --stat
