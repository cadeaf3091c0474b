// SPDX-License-Identifier: Apache-2.0
#include "common/cli/docgen.hpp"

#include <cctype>
#include <vector>

#include "common/base/error.hpp"

namespace kpipe {
namespace {

/// Hidden options (empty group) are for the build, not for people.
std::vector<const CLI::Option*> visible_options(const CLI::App& app) {
  return app.get_options([](const CLI::Option* option) { return !option->get_group().empty(); });
}

std::vector<const CLI::App*> subcommands(const CLI::App& app) {
  return app.get_subcommands([](const CLI::App* command) { return !command->get_name().empty(); });
}

bool takes_value(const CLI::Option& option) {
  return option.get_items_expected_max() > 0;
}

bool is_repeatable(const CLI::Option& option) {
  return takes_value(option) && option.get_multi_option_policy() == CLI::MultiOptionPolicy::TakeAll;
}

std::vector<std::string> spellings(const CLI::Option& option) {
  std::vector<std::string> names;
  for (const std::string& name : option.get_snames()) names.push_back("-" + name);
  for (const std::string& name : option.get_lnames()) names.push_back("--" + name);
  return names;
}

/// What stands for the value: "FORMAT", also where CLI11 adds the choices ("FORMAT:{json,raw}").
std::string placeholder(const CLI::Option& option) {
  const std::string name = option.get_type_name();
  if (name.empty() && !option.nonpositional()) return option.get_name();
  return name.substr(0, name.find(":{"));
}

/// The values a choice allows, a space between them; empty for a free value.
std::string choices(const CLI::Option& option) {
  const std::string name = option.get_type_name();
  const std::size_t begin = name.find(":{");
  if (begin == std::string::npos || name.back() != '}') return {};
  std::string words = name.substr(begin + 2, name.size() - begin - 3);
  for (char& c : words) {
    if (c == ',') c = ' ';
  }
  return words;
}

bool names_file(const CLI::Option& option) {
  const std::string name = placeholder(option);
  return name == "PATH" || name == "FILE";
}

const CLI::Option* positional(const CLI::App& app) {
  for (const CLI::Option* option : visible_options(app)) {
    if (!option->nonpositional()) return option;
  }
  return nullptr;
}

std::string joined(const std::vector<std::string>& words, const std::string& separator) {
  std::string out;
  for (const std::string& word : words) out += (out.empty() ? "" : separator) + word;
  return out;
}

/// One sentence a line, as roff wants it, and nothing that it takes for a request or an escape.
std::string mdoc_text(const std::string& text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool line_start = out.empty() || out.back() == '\n';
    if (line_start && (c == '.' || c == '\'')) out += "\\&";
    const bool sentence_end = i > 0 && c == ' ' && text[i - 1] == '.' && i + 1 < text.size() &&
                              std::isupper(static_cast<unsigned char>(text[i + 1])) != 0;
    if (c == '\\') {
      out += "\\e";
    } else if (c == '-') {
      out += "\\-";
    } else {
      out += sentence_end ? '\n' : c;
    }
  }
  return out;
}

std::string mdoc(const CLI::App& app) {
  std::string out = ".Bl -tag -width Ds\n";
  for (const CLI::Option* option : visible_options(app)) {
    if (option->nonpositional()) {
      std::string item = ".It";
      std::string separator;
      for (const std::string& name : spellings(*option)) {
        item += separator + " Fl " + mdoc_text(name.substr(1));
        separator = " ,";
      }
      if (takes_value(*option)) item += " Ar " + mdoc_text(placeholder(*option));
      out += item + "\n";
    } else {
      out += ".It Ar " + mdoc_text(option->get_name()) + "\n";
    }
    out += mdoc_text(option->get_description()) + "\n";
  }
  return out + ".El\n";
}

std::string mdoc_commands(const CLI::App& app) {
  std::string out = ".Bl -tag -width Ds\n";
  for (const CLI::App* command : subcommands(app)) {
    out += ".It Cm " + command->get_name();
    if (const CLI::Option* argument = positional(*command)) {
      out += " Op Ar " + mdoc_text(placeholder(*argument)) + " ...";
    }
    out += "\n" + mdoc_text(command->get_description()) + "\n";
  }
  return out + ".El\n";
}

std::string options_list(const CLI::App& app) {
  std::string out;
  for (const CLI::Option* option : visible_options(app)) {
    for (const std::string& name : spellings(*option)) out += name + "\n";
  }
  return out;
}

/// A case of bash that completes the value of `names`; `reply` makes the candidates.
std::string bash_case(const std::vector<std::string>& names, const std::string& reply) {
  if (names.empty()) return {};
  return "    " + joined(names, " | ") + ") " + reply + " ;;\n";
}

std::string bash(const CLI::App& app) {
  const std::string files = "mapfile -t COMPREPLY < <(compgen -f -- \"$current\")";
  const auto among = [](const std::string& words) {
    return "mapfile -t COMPREPLY < <(compgen -W '" + words + "' -- \"$current\")";
  };
  std::vector<std::string> options;
  std::vector<std::string> of_file;
  std::vector<std::string> of_text;
  std::string of_choice;
  for (const CLI::Option* option : visible_options(app)) {
    const std::vector<std::string> names = spellings(*option);
    options.insert(options.end(), names.begin(), names.end());
    if (!takes_value(*option) || names.empty()) continue;
    if (!choices(*option).empty()) {
      of_choice += bash_case(names, among(choices(*option)));
    } else {
      std::vector<std::string>& group = names_file(*option) ? of_file : of_text;
      group.insert(group.end(), names.begin(), names.end());
    }
  }
  std::vector<std::string> commands;
  for (const CLI::App* command : subcommands(app)) commands.push_back(command->get_name());

  const std::string tool = app.get_name();
  std::string function = "_" + tool;
  for (char& c : function) {
    if (c == '-') c = '_';
  }
  std::string out = "# SPDX-License-Identifier: Apache-2.0\n# shellcheck shell=bash\n";
  out += "# Made from the option table by: " + tool + " --generate bash\n";
  out += function + "() {\n";
  out += "  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}\n";
  // bash takes --name=value apart at the '='.
  out += "  [[ $current != = ]] || current=''\n";
  out += "  [[ $previous != = ]] || previous=${COMP_WORDS[COMP_CWORD - 2]}\n";
  out += "  COMPREPLY=()\n";
  out += "  case $previous in\n";
  out += of_choice + bash_case(of_file, files) + bash_case(of_text, "return");
  out += "    *)\n";
  out += "      if [[ $current == -* ]]; then\n        " + among(joined(options, " ")) + "\n";
  if (!commands.empty()) {
    out += "      else\n        " + among(joined(commands, " ")) + "\n";
  } else if (const CLI::Option* argument = positional(app);
             argument != nullptr && names_file(*argument)) {
    out += "      else\n        " + files + "\n";
  }
  out += "      fi\n      ;;\n  esac\n}\n";
  return out + "complete -o filenames -F " + function + " " + tool + "\n";
}

/// For the inside of single quotes, with a backslash before each of `special`.
std::string quoted(const std::string& text, const std::string& special) {
  std::string out;
  for (char c : text) {
    if (c == '\'') {
      out += "'\\''";
      continue;
    }
    if (special.find(c) != std::string::npos) out += '\\';
    out += c;
  }
  return out;
}

/// ":label:action" of zsh's _arguments.
std::string zsh_value(const CLI::Option& option) {
  const std::string action = names_file(option)        ? "_files"
                             : choices(option).empty() ? " "
                                                       : "(" + choices(option) + ")";
  return ":" + quoted(placeholder(option), ":[]\\") + ":" + action;
}

std::string zsh(const CLI::App& app) {
  std::string out = "#compdef " + app.get_name() +
                    "\n# SPDX-License-Identifier: Apache-2.0\n# Made from the option table by: " +
                    app.get_name() + " --generate zsh\n_arguments -s -S";
  for (const CLI::Option* option : visible_options(app)) {
    out += " \\\n  ";
    if (!option->nonpositional()) {
      out += "'1" + zsh_value(*option) + "'";
      continue;
    }
    const std::vector<std::string> names = spellings(*option);
    const std::string rest = "[" + quoted(option->get_description(), "[]:\\") + "]" +
                             (takes_value(*option) ? zsh_value(*option) : "") + "'";
    const bool many = names.size() > 1;
    const std::string before = is_repeatable(*option) ? "'*'"
                               : many                 ? "'(" + joined(names, " ") + ")'"
                                                      : "";
    out += before + (many ? "{" + joined(names, ",") + "}'" : "'" + names.front()) + rest;
  }
  std::vector<std::string> commands;
  for (const CLI::App* command : subcommands(app)) commands.push_back(command->get_name());
  if (!commands.empty()) {
    out += " \\\n  '1:command:(" + joined(commands, " ") + ")' \\\n  '*:argument: '";
  }
  return out + "\n";
}

std::string fish(const CLI::App& app) {
  const std::string complete = "complete -c " + app.get_name();
  std::string out =
      "# SPDX-License-Identifier: Apache-2.0\n# Made from the option table by: " + app.get_name() +
      " --generate fish\n";
  const CLI::Option* const argument = positional(app);
  if (argument == nullptr || !names_file(*argument)) out += complete + " -f\n";
  for (const CLI::App* command : subcommands(app)) {
    out += complete + " -n __fish_use_subcommand -a " + command->get_name() + " -d '" +
           quoted(command->get_description(), "\\") + "'\n";
  }
  for (const CLI::Option* option : visible_options(app)) {
    if (!option->nonpositional()) continue;
    out += complete;
    for (const std::string& name : option->get_snames()) out += " -s " + name;
    for (const std::string& name : option->get_lnames()) out += " -l " + name;
    if (takes_value(*option)) out += names_file(*option) ? " -r -F" : " -x";
    if (!choices(*option).empty()) out += " -a '" + choices(*option) + "'";
    out += " -d '" + quoted(option->get_description(), "\\") + "'\n";
  }
  return out;
}

}  // namespace

std::string generate_document(const CLI::App& app, const std::string& kind) {
  if (kind == "mdoc") return mdoc(app);
  if (kind == "mdoc-commands") return mdoc_commands(app);
  if (kind == "options") return options_list(app);
  if (kind == "bash") return bash(app);
  if (kind == "zsh") return zsh(app);
  if (kind == "fish") return fish(app);
  throw Error(Exit::usage, "--generate: '" + kind +
                               "': unknown. Use mdoc, mdoc-commands, options, bash, zsh or fish");
}

}  // namespace kpipe
