(array) @indent.begin

"]" @indent.branch @indent.end

(string) @indent.ignore
