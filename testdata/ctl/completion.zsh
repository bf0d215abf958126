#compdef cnivpctl
# zsh completion for cnivpctl.
# Load it: source <(cnivpctl completion zsh), or save it as _cnivpctl in $fpath
_cnivpctl() {
  local typed='' i
  local -a entries flags formats
  for ((i = 2; i < CURRENT; i++)); do
    case ${words[i]} in
      -o|--output|--socket|--timeout|-n|--node|--kubeconfig|--peer-token-file|--peer-cert|--peer-key|--peer-ca|--since) ((i++)) ;;
      -*) ;;
      *) typed+=${typed:+ }${words[i]} ;;
    esac
  done
  [[ $typed == help ]] && typed=''
  typed=${typed#help }
  case $typed in
    '') entries=('get:one of: node, pool, pod, unuse' 'pool:one of: list' 'status:how the node'\''s addresses are doing' 'why:why a pod has no address, or an address is as it is' 'events:what happened, the oldest first' 'pop:take an address out of the pool' 'push:put an address into the pool' 'release:give unused addresses back to the VPC' 'gc:put right what crashes have left behind' 'bundle:a tar file for support, without secrets' 'version:what this build is' 'completion:a script that lets the shell complete all this' 'help:this text, or a command'\''s')
      flags=('-h' '--help')
      formats=() ;;
    'get') entries=('node:the node, or with --kubeconfig all, and the size of its pool' 'pool:the addresses that no pod holds' 'pod:the pods and their addresses' 'unuse:what the VPC counts as the node'\''s, and nobody uses')
      flags=('-h' '--help')
      formats=() ;;
    'pool') entries=('list:every address and its state')
      flags=('-h' '--help')
      formats=() ;;
    'get node') entries=()
      flags=('-o' '--output' '--no-headers' '--socket' '--timeout' '-n' '--node' '--kubeconfig' '--peer-cert' '--peer-key' '--peer-ca' '--peer-token-file' '-h' '--help')
      formats=('wide' 'json' 'yaml') ;;
    'get pool') entries=()
      flags=('-o' '--output' '--no-headers' '--socket' '--timeout' '-n' '--node' '--kubeconfig' '--peer-cert' '--peer-key' '--peer-ca' '--peer-token-file' '-h' '--help')
      formats=('wide' 'json' 'yaml') ;;
    'get pod') entries=()
      flags=('-o' '--output' '--no-headers' '--socket' '--timeout' '-n' '--node' '--kubeconfig' '--peer-cert' '--peer-key' '--peer-ca' '--peer-token-file' '-h' '--help')
      formats=('wide' 'json' 'yaml') ;;
    'get unuse') entries=()
      flags=('-o' '--output' '--no-headers' '--socket' '--timeout' '-h' '--help')
      formats=('wide' 'json' 'yaml') ;;
    'pool list') entries=()
      flags=('-o' '--output' '--no-headers' '--socket' '--timeout' '-n' '--node' '--kubeconfig' '--peer-cert' '--peer-key' '--peer-ca' '--peer-token-file' '-h' '--help')
      formats=('wide' 'json' 'yaml') ;;
    'status') entries=()
      flags=('-o' '--output' '--socket' '--timeout' '-n' '--node' '--kubeconfig' '--peer-cert' '--peer-key' '--peer-ca' '--peer-token-file' '-h' '--help')
      formats=('text' 'json' 'yaml') ;;
    'why') entries=()
      flags=('-o' '--output' '--socket' '--timeout' '-n' '--node' '--kubeconfig' '--peer-cert' '--peer-key' '--peer-ca' '--peer-token-file' '-h' '--help')
      formats=('text' 'json' 'yaml') ;;
    'events') entries=()
      flags=('-o' '--output' '--no-headers' '-f' '--follow' '--since' '--socket' '--timeout' '-n' '--node' '--kubeconfig' '--peer-cert' '--peer-key' '--peer-ca' '--peer-token-file' '-h' '--help')
      formats=('wide' 'json' 'yaml') ;;
    'pop') entries=()
      flags=('-o' '--output' '--socket' '--timeout' '-h' '--help')
      formats=('text' 'json' 'yaml') ;;
    'push') entries=()
      flags=('-o' '--output' '--socket' '--timeout' '-h' '--help')
      formats=('text' 'json' 'yaml') ;;
    'release') entries=()
      flags=('-o' '--output' '-y' '--yes' '--socket' '--timeout' '-h' '--help')
      formats=('text' 'json' 'yaml') ;;
    'gc') entries=()
      flags=('-o' '--output' '--no-headers' '--dry-run' '--socket' '--timeout' '-h' '--help')
      formats=('wide' 'json' 'yaml') ;;
    'bundle') entries=()
      flags=('--socket' '--timeout' '-h' '--help')
      formats=() ;;
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
  elif [[ ${words[CURRENT-1]} == (-o|--output|--socket|--timeout|-n|--node|--kubeconfig|--peer-token-file|--peer-cert|--peer-key|--peer-ca|--since) ]]; then
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
