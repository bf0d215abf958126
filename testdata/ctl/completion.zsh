#compdef cnivpctl
# zsh completion for cnivpctl.
# Load it: source <(cnivpctl completion zsh), or save it as _cnivpctl in $fpath
_cnivpctl() {
  local typed='' i
  local -a entries flags formats
  for ((i = 2; i < CURRENT; i++)); do
    case ${words[i]} in
      -o|--output|--socket|--timeout|-n|--node) ((i++)) ;;
      -*) ;;
      *) typed+=${typed:+ }${words[i]} ;;
    esac
  done
  [[ $typed == help ]] && typed=''
  typed=${typed#help }
  case $typed in
    '') entries=('get:one of: pool, pod' 'pool:one of: list' 'version:what this build is' 'completion:a script that lets the shell complete all this' 'help:this text, or a command'\''s')
      flags=('-h' '--help')
      formats=() ;;
    'get') entries=('pool:the addresses that no pod holds' 'pod:the pods and their addresses')
      flags=('-h' '--help')
      formats=() ;;
    'pool') entries=('list:every address and its state')
      flags=('-h' '--help')
      formats=() ;;
    'get pool') entries=()
      flags=('-o' '--output' '--no-headers' '--socket' '--timeout' '-h' '--help')
      formats=('wide' 'json' 'yaml') ;;
    'get pod') entries=()
      flags=('-o' '--output' '--no-headers' '--socket' '--timeout' '-h' '--help')
      formats=('wide' 'json' 'yaml') ;;
    'pool list') entries=()
      flags=('-o' '--output' '--no-headers' '--socket' '--timeout' '-h' '--help')
      formats=('wide' 'json' 'yaml') ;;
    'version') entries=()
      flags=('-o' '--output' '-h' '--help')
      formats=('text' 'json') ;;
    'completion') entries=('bash:bash' 'zsh:zsh')
      flags=('-h' '--help')
      formats=() ;;
  esac
  if compset -P '--output=' || [[ ${words[CURRENT-1]} == (-o|--output) ]]; then
    compadd -a formats
  elif compset -P '--socket=' || [[ ${words[CURRENT-1]} == (--socket) ]]; then
    _files
  elif [[ ${words[CURRENT-1]} == (-o|--output|--socket|--timeout|-n|--node) ]]; then
    return 1
  elif [[ $PREFIX == -* ]]; then
    compadd -a flags
  else
    _describe command entries
  fi
}
if [[ ${funcstack[1]} == _cnivpctl ]]; then
  _cnivpctl "$@"
else
  compdef _cnivpctl cnivpctl
fi
