package config

import (
	"strings"
	"testing"
)

// show writes a template with its references in angle brackets.
func show(t template) string {
	var b strings.Builder
	for _, p := range t {
		if p.ref == nil {
			b.WriteString(p.text)
			continue
		}
		b.WriteString("<" + p.ref.service + ":" + p.ref.what + ":" + p.ref.name + ">")
	}
	return b.String()
}

func TestTemplates(t *testing.T) {
	for _, test := range []struct{ raw, want string }{
		{"", ""},
		{"plain $PORT ${PORT} $(x) }} } {", "plain $PORT ${PORT} $(x) }} } {"},
		{"{{port}}", "<:port:>"},
		{"{{host}}", "<:host:>"},
		{"{{url}}", "<:url:>"},
		{"{{ports.debug}}", "<:ports:debug>"},
		{"{{db.port}}", "<db:port:>"},
		{"{{db.host}}", "<db:host:>"},
		{"{{my-db_2.url}}", "<my-db_2:url:>"},
		{"{{db.ports.debug}}", "<db:ports:debug>"},
		{"{{env.HOME}}", "<:env:HOME>"},
		{"{{env.a.b}}", "<:env:a.b>"},
		{"{{project}}-{{instance}} in {{dir}}", "<:project:>-<:instance:> in <:dir:>"},
		{"{{ port }}{{\tdb.port\t}}", "<:port:><db:port:>"},
		{"a{{host}}:{{port}}b", "a<:host:>:<:port:>b"},
		{"{{tls.cert}} {{tls.key}} {{tls.ca}} {{tls.port}}", "<:tls:cert> <:tls:key> <:tls:ca> <tls:port:>"},
		{"{{{{", "{{"},
		{"{{{{port}}", "{{port}}"},
		{"{{{{{{port}}}}", "{{<:port:>}}"},
		{"{{{port}}}", "{<:port:>}"},
		{`{"a":{"p":{{port}}}}`, `{"a":{"p":<:port:>}}`},
		{"{{{{{", "{{{"},
		{"ü{{port}}é", "ü<:port:>é"},
	} {
		got, mistakes := parseTemplate(Text{Raw: test.raw})
		if show(got) != test.want || len(mistakes) > 0 {
			t.Errorf("%q: got %q and %v, want %q", test.raw, show(got), mistakes, test.want)
		}
	}
}

func TestTemplateMistakesPointIntoTheString(t *testing.T) {
	for _, test := range []struct{ name, value, under, msg, hint string }{
		{"unclosed", `"a {{port"`, "{{", `"{{" is not closed`, `close it with "}}"`},
		{"unclosed before a good one", `"{{port {{host}}"`, "{{", `"{{" is not closed`, ""},
		{"empty", `"x{{}}"`, "{{}}", "nothing stands between", "env.NAME"},
		{"blank", `"x{{  }}"`, "{{  }}", "nothing stands between", "env.NAME"},
		{"a word that is near", `"x {{prot}}"`, "{{prot}}", "there is no template {{prot}}", "did you mean {{port}}?"},
		{"a word of a service", `"{{api.hots}}"`, "{{api.hots}}", "no template {{api.hots}}", "did you mean {{api.host}}?"},
		{"a bare service", `"{{api}}"`, "{{api}}", "no template {{api}}", "SERVICE.port"},
		{"another tool's", `'{{.Names}}'`, "{{.Names}}", "no template {{.Names}}", `"{{{{" writes "{{"`},
		{"env without a name", `"{{env}}"`, "{{env}}", "no template", "write {{env.NAME}}"},
		{"ports without a name", `"{{ports}}"`, "{{ports}}", "no template", "write {{ports.NAME}}"},
		{"another's without a name", `"{{api.ports}}"`, "{{api.ports}}", "no template", "write {{api.ports.NAME}}"},
		{"after an escape", `"say \"hi\" \t {{prot}}"`, "{{prot}}", "", ""},
		{"after wide characters", `"日本é {{prot}} x"`, "{{prot}}", "", ""},
		{"in a literal string", `'a "quoted" \ {{prot}}'`, "{{prot}}", "", ""},
		{"in three quotes", `"""a {{prot}}"""`, "{{prot}}", "", ""},
		{"where escapes leave it open", `"\u0041{{prot}}"`, `"\u0041{{prot}}"`, "", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			line := "command = " + test.value
			_, mistakes := read("/p/lhrun.toml", []byte("[services.api]\n"+line), nil, nil)
			if len(mistakes) != 1 {
				t.Fatalf("want one mistake, got:\n%v", mistakes)
			}
			m := mistakes[0]
			under := string([]rune(line)[m.Pos.Col-1 : m.Pos.Col-1+m.Pos.Len])
			if m.Pos.Line != 2 || under != test.under {
				t.Errorf("points to line %d %q, want line 2 %q", m.Pos.Line, under, test.under)
			}
			if !strings.Contains(m.Msg, test.msg) || !strings.Contains(m.Hint, test.hint) {
				t.Errorf("says %q and %q, want %q and %q", m.Msg, m.Hint, test.msg, test.hint)
			}
		})
	}
}

func TestSeveralMistakesOfOneText(t *testing.T) {
	_, mistakes := parseTemplate(Text{Raw: "{{a}} {{}} {{port}} {{x"})
	if len(mistakes) != 3 {
		t.Errorf("want 3, got:\n%v", Mistakes(mistakes))
	}
}

func FuzzTemplate(f *testing.F) {
	for _, seed := range []string{"", "{{port}}", "{{{{", "{{{port}}}", "a {{db.ports.x}} b", "{{", "}}", "{{}}", "{{\n}}", "$X é {{env.HOME}}", "{{{{{{{"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		text := Text{Raw: raw, Pos: Pos{Line: 1, Col: 1, Len: len([]rune(raw)) + 2}}
		pieces, mistakes := parseTemplate(text)
		if !strings.Contains(raw, "{{") && (show(pieces) != raw || len(mistakes) > 0) {
			t.Errorf("%q without templates became %q and %v", raw, show(pieces), mistakes)
		}
		for _, m := range mistakes {
			if m.Pos.Col < 1 || m.Pos.Len < 1 || m.Pos.Col+m.Pos.Len > 1+text.Pos.Len {
				t.Errorf("%q: mistake at %d, %d long", raw, m.Pos.Col, m.Pos.Len)
			}
		}
		pieces, mistakes = parseTemplate(Text{Raw: literal(raw)})
		if show(pieces) != raw || len(mistakes) > 0 {
			t.Errorf("%q escaped became %q and %v", raw, show(pieces), mistakes)
		}
	})
}
