// SPDX-License-Identifier: Apache-2.0
#include "common/cli/docgen.hpp"

#include <vector>

#include "common/base/error.hpp"

namespace kpipe {
namespace {

/// Hidden options (empty group) are for the build, not for people.
std::vector<const CLI::Option*> visible_options(const CLI::App& app) {
  return app.get_options([](const CLI::Option* option) { return !option->get_group().empty(); });
}

bool takes_value(const CLI::Option& option) {
  return option.get_type_size() != 0;
}

std::vector<std::string> spellings(const CLI::Option& option) {
  std::vector<std::string> names;
  for (const std::string& name : option.get_snames()) names.push_back("-" + name);
  for (const std::string& name : option.get_lnames()) names.push_back("--" + name);
  return names;
}

/// mdoc takes a line that starts with a dot or a quote for a request.
std::string mdoc_text(const std::string& text) {
  std::string escaped;
  for (char c : text) {
    if (c == '\\')
      escaped += "\\e";
    else if (c == '-')
      escaped += "\\-";
    else
      escaped += c;
  }
  if (!escaped.empty() && (escaped[0] == '.' || escaped[0] == '\'')) escaped.insert(0, "\\&");
  return escaped;
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
      if (takes_value(*option)) item += " Ar " + mdoc_text(option->get_type_name());
      out += item + "\n";
    } else {
      out += ".It Ar " + mdoc_text(option->get_name()) + "\n";
    }
    out += mdoc_text(option->get_description()) + "\n";
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

std::string bash(const CLI::App& app) {
  const std::string tool = app.get_name();
  std::string function = "_" + tool;
  for (char& c : function) {
    if (c == '-') c = '_';
  }
  std::string words;
  std::string with_value;
  for (const CLI::Option* option : visible_options(app)) {
    for (const std::string& name : spellings(*option)) {
      words += (words.empty() ? "" : " ") + name;
      if (takes_value(*option)) with_value += (with_value.empty() ? "" : "|") + name;
    }
  }
  std::string out = "# bash completion for " + tool + ", made from its option table by: " + tool +
                    " --generate bash\n";
  out += function + "() {\n";
  out += "  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]}\n";
  out += "  case $previous in\n    " + with_value +
         ") mapfile -t COMPREPLY < <(compgen -f -- \"$current\"); return ;;\n  esac\n";
  out += "  if [[ $current == -* ]]; then\n";
  out += "    mapfile -t COMPREPLY < <(compgen -W '" + words + "' -- \"$current\")\n";
  out += "  else\n    mapfile -t COMPREPLY < <(compgen -f -- \"$current\")\n  fi\n}\n";
  return out + "complete -F " + function + " " + tool + "\n";
}

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

std::string zsh(const CLI::App& app) {
  std::string out = "#compdef " + app.get_name() +
                    "\n# made from the option table by: " + app.get_name() +
                    " --generate zsh\n_arguments -s -S \\\n";
  for (const CLI::Option* option : visible_options(app)) {
    for (const std::string& name : spellings(*option)) {
      out += "  '" + name + "[" + quoted(option->get_description(), "[]:\\") + "]";
      if (takes_value(*option)) out += ":" + quoted(option->get_type_name(), ":[]\\") + ":_files";
      out += "' \\\n";
    }
  }
  return out + "  '*:file:_files'\n";
}

std::string fish(const CLI::App& app) {
  std::string out = "# made from the option table by: " + app.get_name() + " --generate fish\n";
  for (const CLI::Option* option : visible_options(app)) {
    if (!option->nonpositional()) continue;
    out += "complete -c " + app.get_name();
    for (const std::string& name : option->get_snames()) out += " -s " + name;
    for (const std::string& name : option->get_lnames()) out += " -l " + name;
    if (takes_value(*option)) out += " -r";
    std::string text;
    for (char c : option->get_description()) {
      if (c == '\'' || c == '\\') text += '\\';
      text += c;
    }
    out += " -d '" + text + "'\n";
  }
  return out;
}

}  // namespace

std::string generate_document(const CLI::App& app, const std::string& kind) {
  if (kind == "mdoc") return mdoc(app);
  if (kind == "options") return options_list(app);
  if (kind == "bash") return bash(app);
  if (kind == "zsh") return zsh(app);
  if (kind == "fish") return fish(app);
  throw Error(Exit::usage,
              "--generate: '" + kind + "': unknown. Use mdoc, options, bash, zsh or fish");
}

}  // namespace kpipe
