# bash completion for cnivpctl.
# Load it: source <(cnivpctl completion bash)
_cnivpctl() {
  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}
  local typed='' words='' flags='' formats='' i
  # Readline splits --output=json into three words.
  if [[ $prev == = ]]; then
    prev=${COMP_WORDS[COMP_CWORD-2]}
  elif [[ $cur == = ]]; then
    cur=''
  fi
  for ((i = 1; i < COMP_CWORD; i++)); do
    case ${COMP_WORDS[i]} in
      -o|--output|--socket|--timeout|-n|--node|--kubeconfig|--peer-token-file|--peer-cert|--peer-key|--peer-ca|--since)
        [[ ${COMP_WORDS[i+1]} == = ]] && ((i++))
        ((i++)) ;;
      -*) ;;
      *) typed+=${typed:+ }${COMP_WORDS[i]} ;;
    esac
  done
  [[ $typed == help ]] && typed=''
  typed=${typed#help }
  case $typed in
    '') words='get pool status why events pop push release gc bundle version completion help'
      flags='-h --help'
      formats='' ;;
    'get') words='node pool pod unuse'
      flags='-h --help'
      formats='' ;;
    'pool') words='list'
      flags='-h --help'
      formats='' ;;
    'get node') words=''
      flags='-o --output --no-headers --socket --timeout -n --node --kubeconfig --peer-cert --peer-key --peer-ca --peer-token-file -h --help'
      formats='wide json yaml' ;;
    'get pool') words=''
      flags='-o --output --no-headers --socket --timeout -n --node --kubeconfig --peer-cert --peer-key --peer-ca --peer-token-file -h --help'
      formats='wide json yaml' ;;
    'get pod') words=''
      flags='-o --output --no-headers --socket --timeout -n --node --kubeconfig --peer-cert --peer-key --peer-ca --peer-token-file -h --help'
      formats='wide json yaml' ;;
    'get unuse') words=''
      flags='-o --output --no-headers --socket --timeout -h --help'
      formats='wide json yaml' ;;
    'pool list') words=''
      flags='-o --output --no-headers --socket --timeout -n --node --kubeconfig --peer-cert --peer-key --peer-ca --peer-token-file -h --help'
      formats='wide json yaml' ;;
    'status') words=''
      flags='-o --output --socket --timeout -n --node --kubeconfig --peer-cert --peer-key --peer-ca --peer-token-file -h --help'
      formats='text json yaml' ;;
    'why') words=''
      flags='-o --output --socket --timeout -n --node --kubeconfig --peer-cert --peer-key --peer-ca --peer-token-file -h --help'
      formats='text json yaml' ;;
    'events') words=''
      flags='-o --output --no-headers -f --follow --since --socket --timeout -n --node --kubeconfig --peer-cert --peer-key --peer-ca --peer-token-file -h --help'
      formats='wide json yaml' ;;
    'pop') words=''
      flags='-o --output --socket --timeout -h --help'
      formats='text json yaml' ;;
    'push') words=''
      flags='-o --output --socket --timeout -h --help'
      formats='text json yaml' ;;
    'release') words=''
      flags='-o --output -y --yes --socket --timeout -h --help'
      formats='text json yaml' ;;
    'gc') words=''
      flags='-o --output --no-headers --dry-run --socket --timeout -h --help'
      formats='wide json yaml' ;;
    'bundle') words=''
      flags='--socket --timeout -h --help'
      formats='' ;;
    'version') words=''
      flags='-o --output -h --help'
      formats='text json' ;;
    'completion') words='bash zsh'
      flags='-h --help'
      formats='' ;;
  esac
  case $prev in
    -o|--output) words=$formats ;;
    --socket) COMPREPLY=($(compgen -f -- "$cur")); return ;;
    -o|--output|--socket|--timeout|-n|--node|--kubeconfig|--peer-token-file|--peer-cert|--peer-key|--peer-ca|--since) return ;;
    *) [[ $cur == -* ]] && words=$flags ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
}
complete -F _cnivpctl cnivpctl
