" Runs batches of key sequences in Vim and writes what came out: driven by test_vi_vim.c.
" $VI_CASES: a line of JSON per case, [text lines, [keys, ...], drop, wrap]; $VI_RESULTS gets
" [lines, line, column, unnamed register, steps of nothing] per case. With drop, a command that changed nothing but
" made undo steps is undone at once, so that such a step is not there.
set nocompatible noswapfile viminfo= nomore shortmess+=IWAsFOTtc noshowcmd noruler lazyredraw belloff=all
set nrformats=bin,hex nohidden encoding=utf-8 nofoldenable nojoinspaces backspace=indent,eol,start
set cpoptions=aABceFs cmdheight=5 scrolloff=0 maxfuncdepth=200 nowrap textwidth=0 formatoptions=tcq
set noshowmode report=9999
language messages C
" Typed text goes in a character at a time, as it does for a person: keys that wait already would go in at once, and the
" last change would be where they began.
autocmd InsertCharPre * let g:typed = 1
" Where lines are wrapped it is behind blanks, and what goes on is set in, at most by half of the width.
set linebreak breakindent breakindentopt=shift:2,min:40 columns=80
let &breakat = " \t"
let s:registers = split('abcdefgh0123456789-', '\zs')

func s:begin(lines)
  set autoindent expandtab shiftwidth=4 softtabstop=4 tabstop=8 noshiftround nogdefault
  set ignorecase smartcase wrapscan startofline
  call setcharsearch({'char': 'Z', 'forward': 1, 'until': 0})
  silent %delete _
  call setline(1, a:lines)
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
  delmarks!
  delmarks A-Z
  clearjumps
  let v:searchforward = 1
  call setpos("''", [0, 1, 1, 0])
  call cursor(1, 1)
  let &undolevels = &undolevels
endfunc

" Keys are as typed: an error ends what a key led to, but nothing waits for a person to read its
" message. All in this one function: another one would give back what . repeats when it returns.
" Silent: a range given backwards is turned around, as it is when the person says yes.
let s:type = 'silent call feedkeys(g:keys, "ntx")'
func s:run(case)
  silent! %bwipeout!
  enew!
  let &wrap = a:case[3]
  for g:keys in [":s/zzzz//\<CR>", '@z', "ix\<Esc>"]
    call assert_fails(s:type)
  endfor
  call s:begin(a:case[0])
  let empties = 0
  for g:keys in a:case[1]
    let before = getline(1, '$')
    let step = undotree().seq_last
    call assert_fails(s:type)
    call winsaveview() " sees to the column that up and down aim at, as Vim does before it waits for a key
    let empty = undotree().seq_last > step && getline(1, '$') ==# before
    let empties += empty
    if a:case[2] && empty
      let view = winsaveview()
      let [from, to] = [getpos("'["), getpos("']")]
      while undotree().seq_cur > step
        silent keepjumps undo
      endwhile
      call setpos("'[", from)
      call setpos("']", to)
      call winrestview(view)
    endif
  endfor
  let v:errors = []
  return [getline(1, '$'), line('.'), col('.'), getreg('"'), empties]
endfunc

func s:all()
  for line in readfile($VI_CASES)
    call writefile([json_encode(s:run(json_decode(line)))], $VI_RESULTS, 'a')
  endfor
endfunc
call s:all()
qall!
