package extract

import "testing"

// TestInline asserts what is markup inside of text and what only looks like it.
func TestInline(t *testing.T) {
	for _, test := range []struct{ ext, source, want string }{
		{"rst", "2 * 3 * 4, *ptr and **argv", "2 * 3 * 4, *ptr and **argv"},
		{"rst", "*a b* **c d** ``e *f*``", "a b c d e *f*"},
		{"rst", "snake_case_name and __init__", "snake_case_name and __init__"},
		{"rst", "see `a <b>`__, `c d`_ and e_.", "see a, c d and e."},
		{"rst", "at 10:30: :c:type:`x` :term:`!y`", "at 10:30: x y"},
		{"rst", ":prop_tgt:`LINK_<CONFIG>` :variable:`A_<B>_C_<D>` :cpp:any:`Cart\\<int>` :genex:`$<A:$<B>>`", "LINK_<CONFIG> A_<B>_C_<D> Cart<int> $<A:$<B>>"},
		{"rst", ":command:`if(a <b>) <if>` :ref:`the set<s>` :doc:`Lists (all)</l>` `site<https://a>`_ `a\\ b`_", "if(a <b>) the set Lists (all) site ab"},
		{"rst", ":file:`/a <b>` :kbd:`~` :code:`a\\n <b>` :math:`\\pi <n>` :samp:`C:\\\\{x}`", `/a <b> ~ a\n <b> \pi <n> C:\{x}`},
		{"rst", ":any:`<x>` `a\n<b>`_ :any:`~a.b\\<c>`", "x a b<c>"},
		{"rst", ":pep:`8#x`, :RFC:`2822`, :rfc:`7231#section-3.1`, :rfc:`the mail <822>`", "PEP 8, RFC 2822, RFC 7231 Section 3.1, the mail"},
		{"rst", "a|b|c and |version|", "a|b|c and version"},
		{"rst", `\*a\* C:\\x`, `*a* C:\x`},
		{"rst", "日本語の *強調* です", "日本語の 強調 です"},
		{"adoc", "2 * 3 * 4 and snake_case_name", "2 * 3 * 4 and snake_case_name"},
		{"adoc", "un**bold**ed *b _c_*", "unbolded b c"},
		{"adoc", "https://example.org/a_b_c stays", "https://example.org/a_b_c stays"},
		{"adoc", "https://example.org[] x", "https://example.org x"},
		{"adoc", "mailto:a@b.c[write^], image:x.png[an image,100]", "write, an image"},
		{"adoc", "[.lead]#words# [[id]]here ((term))(((a,b)))", "words here term"},
		{"adoc", "\"`quoted`\" std::vector a::b", "\"quoted\" std::vector a::b"},
		{"adoc", "all `+*.war+` files, and a+b `c+`", "all *.war files, and a+b c+"},
		{"adoc", "x^2^ and H~2~O, see ^[1]^, ~/a:~/b, HEAD^ and 2^n or ~x", "x2 and H2O, see [1], ~/a:~/b, HEAD^ and 2^n or ~x"},
		{"adoc", "+++<u>a</u>+++, ++*b*++ C++ and D++", "a, *b* C++ and D++"},
		{"org", "a/b/c 1 + 2 + 3 x_y_z", "a/b/c 1 + 2 + 3 x_y_z"},
		{"org", "*b* /i/ _u_ +s+ =v= ~c~", "b i u s v c"},
		{"org", "[[https://a][b]] [[c]] <<d>>[fn:e]x[fn::f]", "b c x (f)"},
		{"org", "[[a][=b= *c*]] [[*A heading]] [fn::d /e/]@@html:<b>@@f@@html:</b>@@ g@@h@@i", "b c A heading (d e)f g@@h@@i"},
		{"org", "See <<<radio word>>> here, <<a>><<<b>>> <<<", "See radio word here, b <<<"},
		{"md", "2 * 3 * 4 and snake_case_name", "2 * 3 * 4 and snake_case_name"},
		{"md", `\# a &lt;b&gt; &bogus; <i>c</i> \d`, `# a <b> &bogus; c \d`},
		{"md", "https://example.org/a_b_c and [a] [^1]", "https://example.org/a_b_c and [a]"},
		{"html", "a<b>b</b>c <x-y>d</x-y>&nbsp;&amp;&lt;i&gt;", "abc d &<i>"},
		{"html", "<h2>Macros<a class=anchor>§</a></h2>", "Macros"},
		{"html", "<h2><a class=doc-anchor>§</a>§ 5</h2>", "§ 5"},
		{"txt", "*a* `b` <c>", "*a* `b` <c>"},
	} {
		doc, err := Extract("x."+test.ext, []byte(test.source))
		if err != nil {
			t.Fatal(err)
		}
		if len(doc.Blocks) != 1 || doc.Blocks[0].Text != test.want {
			t.Errorf("%s %q: got %+v, want %q", test.ext, test.source, doc.Blocks, test.want)
		}
	}
}
