//! Each way to hide a text from a person, and what looks like one and is none.

use super::*;

#[test]
fn each_style_that_hides_is_recognised() {
    for css in [
        "display:none",
        "display:table-column",
        "visibility:hidden",
        "visibility:collapse",
        "content-visibility:hidden",
        "opacity:0",
        "opacity:.05",
        "opacity:3%",
        "filter:opacity(0%)",
        "font-size:0",
        "font-size:1px",
        "font-size:.1em",
        "font-size:1%",
        "font:0/0 a",
        "color:#fff",
        "color:#fefefe",
        "color:transparent",
        "color:rgba(1,2,3,0)",
        "color:rgb(0 0 0 / 2%)",
        "color:hsl(0,0%,100%)",
        "color:#333;background:#333333",
        "color:#333;background-color:rgb(51,51,51)",
        "-webkit-text-fill-color:transparent",
        "position:absolute;left:-9999px",
        "position:fixed;top:-100vh",
        "position:absolute;left:99999px",
        "position:relative;right:-100em",
        "position:absolute;inset:0 0 0 -5000px",
        "text-indent:-9999em",
        "text-indent:100%;white-space:nowrap;overflow:hidden",
        "margin-left:-9999px",
        "margin:-9999px 0 0 0",
        "max-height:0;overflow:hidden",
        "width:0;overflow:hidden",
        "overflow:hidden;height:1px;width:1px",
        "position:absolute;clip:rect(0,0,0,0)",
        "clip-path:inset(50%)",
        "clip-path:circle(0)",
        "transform:translateX(-9999px)",
        "transform:scale(0)",
        "scale:0",
        "translate:-9999px",
        "transform:rotateY(90deg)",
        "letter-spacing:-1em",
    ] {
        check(&format!("<div style='{css}'>b</div>a"), "a", "b");
    }
}

#[test]
fn styles_that_hide_nothing_hide_nothing() {
    for css in [
        "",
        "display:block",
        "display:bogus",
        "opacity:.5",
        "font-size:12px",
        "font:12px/1.5 Arial",
        "font:0/0",
        "color:#fff;background:#000",
        "color:#fff;background:url(x) no-repeat",
        "color:#fff;background:linear-gradient(red,blue)",
        "color:bogus",
        "max-height:0",
        "overflow:hidden;height:20px",
        "margin-left:-10px",
        "left:-9999px",
        "left:0",
        "clip:rect(0,0,0,0)",
        "line-height:0",
        "color:#777",
        "transform:translate(-50%,-50%)",
        "clip-path:inset(10%)",
        "mso-hide:all",
        "text-indent:2em",
        "z-index:-1",
        "letter-spacing:-.5px",
    ] {
        check(&format!("<div style='{css}'>a</div>"), "a", "");
    }
}

#[test]
fn elements_and_attributes_hide() {
    check("a<p hidden>b<p>c", "a\n\nc", "b");
    check("<p hidden style='display:block'>a", "a", "");
    check("<noscript>b</noscript><template>c</template>a", "a", "bc");
    check("a<datalist><option>b</datalist>", "a", "b");
    check("a<dialog>b</dialog><dialog open>c</dialog>", "a\nc", "b");
    check("<details open>a<summary>b</summary></details>", "a\nb", "");
    check("<textarea>a</textarea>", "a", "");
    check("<svg><text fill=none>b</text><text>a</text><desc>c</desc></svg>", "a", "bc");
    check("<svg><defs><text>b</text></defs><g/><text>a</text></svg>", "a", "b");
    check("<object data=x>b</object>a", "a", "b");
}

#[test]
fn children_inherit_what_hides() {
    check("<div style='visibility:hidden'>b<b style='visibility:visible'>a</b></div>", "a", "b");
    check("<div style='opacity:0'><p style='opacity:1'>b</p></div>a", "a", "b");
    check("<div style='opacity:.3'><p style='opacity:.3'>b</p></div>a", "a", "b");
    check("<div style='font-size:0'><span style='font-size:14px'>a</span>b</div>", "a", "b");
    check("<div style='font-size:0'><span style='font-size:2em'>b</span></div>a", "a", "b");
    check("<div style='font-size:10px'><p style='font-size:.5em'><b style='font-size:.5em'>b</b>", "", "b");
    check("<div style='color:white'><p>b</p></div>a", "a", "b");
    check("<div style='color:white;background:black'><p>a</p></div>", "a", "");
    check(
        "<div style='background:black'><p style='color:#000'>b</p><p style='color:red'>a</p></div>",
        "a",
        "b",
    );
    check("<div style='color:red'><p style='color:white;color:inherit'>a</p></div>", "a", "");
    check("<div style='text-indent:-999px'><p>b</p><p style='text-indent:0'>a</p></div>", "a", "b");
    check("<div style='background:red'><p style='position:relative;z-index:-1'>b</div>a", "a", "b");
}

#[test]
fn old_attributes_colour_and_hide() {
    check("<font color=white>b</font>a", "a", "b");
    check("<font color='fffffe'>b</font>a", "a", "b");
    check("<table><td bgcolor=black><font color=white>a</font></table>", "a", "");
    check("<table><td bgcolor=black><font color=#010101>b</font>", "", "b");
    check("<body bgcolor=black text=black>b", "", "b");
    check("<table background=x.png><td><font color=white>a", "a", "");
}

#[test]
fn what_screen_readers_only_read_is_hidden_by_its_name() {
    check("<span class='sr-only'>b</span>a", "a", "b");
    check("<span class='visually-hidden x'>b</span>a", "a", "b");
    // unless the page says what the name means
    check("<style>.sr-only{color:red}</style><span class='sr-only'>a</span>", "a", "");
}

#[test]
fn what_screen_readers_only_skip_is_seen() {
    check("<span aria-hidden=true>a</span>", "a", "");
}
