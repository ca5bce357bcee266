# SPDX-License-Identifier: LGPL-2.1-or-later
# discfw: all but main() is an archive, so that its tests link it.
noinst_LIBRARIES += libcli.a
libcli_a_SOURCES = \
	cli/cli.c cli/cli.h \
	cli/client.c cli/client.h \
	cli/connect.c cli/connect.h \
	cli/event.c cli/event.h \
	cli/help.c \
	cli/holders.c cli/holders.h \
	cli/options.c cli/options.h \
	cli/outcome.c cli/outcome.h \
	cli/present.c cli/present.h \
	cli/progress.c cli/progress.h \
	cli/reply.c cli/reply.h \
	cli/screen.c cli/screen.h \
	cli/table.c cli/table.h \
	cli/trust.c cli/trust.h \
	cli/verb.c \
	cli/verb-audit.c cli/verb-bridge.c cli/verb-catalog.c cli/verb-drives.c cli/verb-flash.c \
	cli/verb-history.c cli/verb-refresh.c cli/verb-show.c cli/verb-watch.c
libcli_a_CPPFLAGS = $(AM_CPPFLAGS) $(SMARTCOLS_CFLAGS)
CLI_LIBS = libcli.a libaudit.a $(SMARTCOLS_LIBS) $(BASE_LIBS)

bin_PROGRAMS += discfw
discfw_SOURCES = cli/main.c
discfw_LDADD = $(CLI_LIBS)

CLI_PROCESS_TESTS = tests/process/test-cli.py
dist_check_SCRIPTS += $(CLI_PROCESS_TESTS)
EXTRA_DIST += tests/process/varlink.py \
	tests/process/data/audit/log tests/process/data/audit/head tests/process/data/audit/key
TESTS += $(CLI_PROCESS_TESTS)

CLI_LINT_TESTS = tests/lint/faces.py
dist_check_SCRIPTS += $(CLI_LINT_TESTS)
TESTS += $(CLI_LINT_TESTS)

dist_man_MANS += cli/discfw.1 cli/discfw-errors.7
bashcompletiondir = $(datadir)/bash-completion/completions
dist_bashcompletion_DATA = packaging/completions/bash/discfw
zshcompletiondir = $(datadir)/zsh/site-functions
dist_zshcompletion_DATA = packaging/completions/zsh/_discfw
fishcompletiondir = $(datadir)/fish/vendor_completions.d
dist_fishcompletion_DATA = packaging/completions/fish/discfw.fish

if HAVE_CMOCKA
CLI_TESTS = tests/unit/test-cli-errors tests/unit/test-cli-holders tests/unit/test-cli-options tests/unit/test-cli-progress \
	tests/unit/test-cli-reply
check_PROGRAMS += $(CLI_TESTS)
TESTS += $(CLI_TESTS)
tests_unit_test_cli_errors_LDADD = $(CLI_LIBS) $(CMOCKA_LIBS)
tests_unit_test_cli_holders_LDADD = $(CLI_LIBS) $(CMOCKA_LIBS)
tests_unit_test_cli_options_LDADD = $(CLI_LIBS) $(CMOCKA_LIBS)
tests_unit_test_cli_progress_LDADD = $(CLI_LIBS) $(CMOCKA_LIBS)
tests_unit_test_cli_reply_LDADD = $(CLI_LIBS) $(CMOCKA_LIBS)
endif
