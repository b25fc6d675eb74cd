" Runs batches of key sequences in Vim and writes what came out: driven by test_vi_vim.c.
" $VI_CASES: a line of JSON per case, [text lines, [keys, ...]]; $VI_RESULTS gets
" [lines, line, column, unnamed register, mode] per case.
set nocompatible noswapfile viminfo= nomore shortmess+=IWAsFOTt noshowcmd noruler lazyredraw belloff=all
set backspace=indent,eol,start autoindent expandtab shiftwidth=4 softtabstop=4 tabstop=8 nojoinspaces
set nrformats=bin,hex ignorecase smartcase wrapscan startofline nohidden encoding=utf-8 nofoldenable
set cpoptions=aABceFs cmdheight=5 scrolloff=0 maxfuncdepth=200 nowrap textwidth=0 formatoptions=tcq
language messages C
let s:registers = split('abcdefgh0123456789-', '\zs')

func s:run(case) abort
  silent! %bwipeout!
  enew!
  call feedkeys("ix\<Esc>", 'ntx')
  silent! s/zzzz//
  call setcharsearch({'char': 'Z', 'forward': 1, 'until': 0})
  silent %delete _
  call setline(1, a:case[0])
  let saved = &undolevels
  set undolevels=-1
  call setline(1, getline(1))
  let &undolevels = saved
  for name in s:registers
    call setreg(name, name)
  endfor
  call setreg('b', "line b\n")
  call setreg('2', "one\ntwo")
  call setreg('"', 'zero')
  let @/ = ''
  delmarks!
  clearjumps
  let v:searchforward = 1
  call setpos("''", [0, 1, 1, 0])
  call cursor(1, 1)
  let &undolevels = &undolevels
  for keys in a:case[1]
    silent! call feedkeys(keys, 'ntx')
  endfor
  let mode = mode()
  return [getline(1, '$'), line('.'), col('.'), getreg('"'), mode]
endfunc

func s:all()
  for line in readfile($VI_CASES)
    call writefile([json_encode(s:run(json_decode(line)))], $VI_RESULTS, 'a')
  endfor
endfunc
call s:all()
qall!
