# SPDX-License-Identifier: LGPL-2.1-or-later
# fish completion for discfw(1). Verbs and options come from the program's own help.

set -g __discfw_where_options --dir -d --host -H --socket -s
set -g __discfw_argument_options $__discfw_where_options --color --output -o --to -t --reason -r \
    --limit -l --before --file -f --key --head

function __discfw_words -d "What was said that is neither an option nor its argument"
    set -l tokens (commandline -opc)
    set -l skip no
    for token in $tokens[2..]
        if test $skip = yes
            set skip no
        else if contains -- $token $__discfw_argument_options
            set skip yes
        else if not string match -q -- '-*' $token
            printf '%s\n' $token
        end
    end
end

function __discfw_where -d "Options that say which daemon is meant"
    set -l tokens (commandline -opc)
    for i in (seq (count $tokens))
        if contains -- "$tokens[$i]" $__discfw_where_options
            printf '%s\n' $tokens[$i] $tokens[(math $i + 1)]
        end
    end
end

function __discfw_verbs
    discfw help | string replace -rf '^  ([a-z]+)( [a-z]+)?(?: [^ ]+)*  +(\S.*)$' '$1\t$3'
end

function __discfw_second
    discfw help | string replace -rf "^  $argv[1] ([a-z]+)(?: [^ ]+)*  +(\S.*)\$" '$1\t$2'
end

function __discfw_options
    set -l words (__discfw_words)
    begin
        discfw help
        discfw help $words[1..2] 2>/dev/null; or discfw help $words[1] 2>/dev/null
    end | string replace -rf '^  (?:-., |    )(--[a-z-]+)(?: [A-Z]+)?  +(.*)$' '$1\t$2'
end

function __discfw_drives
    discfw (__discfw_where) list --all -o DRIVE,MODEL 2>/dev/null | tail -n +2 |
        string replace -r '^(\S+) +(.*)$' '$1\t$2'
end

function __discfw_catalogs
    discfw (__discfw_where) catalog list --json 2>/dev/null |
        string match -rag '"name":"([^"\\\\]*)"'
end

function __discfw_versions
    discfw (__discfw_where) show $argv[1] --json 2>/dev/null |
        string match -rag '"version":"([^"\\\\]*)"' | sort -u
end

function __discfw_operands
    set -l words (__discfw_words)
    switch (count $words)-"$words[1]"
        case 0-
            __discfw_verbs
        case 1-audit 1-catalog
            __discfw_second $words[1]
        case 1-help
            __discfw_verbs
        case 1-show 1-why 1-history 1-rollback 1-resolve 1-hold 1-unhold '*-update'
            __discfw_drives
        case 2-why
            __discfw_versions $words[2]
        case 1-refresh
            __discfw_catalogs
        case 2-catalog
            contains -- $words[2] show remove; and __discfw_catalogs
    end
end

complete -c discfw -f
complete -c discfw -n 'string match -q -- "-*" (commandline -ct)' -a '(__discfw_options)'
complete -c discfw -n 'not string match -q -- "-*" (commandline -ct)' -a '(__discfw_operands)'
