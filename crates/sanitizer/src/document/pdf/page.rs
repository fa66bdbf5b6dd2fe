//! What a page shows: its operators (ISO 32000-2, Annex A) are followed as far as they place text, colour it or hide it.

use std::{collections::HashMap, rc::Rc};

use memchr::memmem;

use super::{
    file::File,
    font::Font,
    geometry::{Area, Matrix},
    object::{Dict, Lexer, Object, is_blank},
    words::Words,
};

/// Drawings within each other.
const DEPTH: usize = 8;

/// States that are kept for later.
const STATES: usize = 64;

/// Grounds of one page that are remembered.
const GROUNDS: usize = 64;

/// Fonts that are remembered.
const FONTS: usize = 64;

/// Values before an operator; the longest that matters takes six and a name.
const OPERANDS: usize = 64;

/// Text below this height, in points, is not read by an eye. Footnotes have six, small print four.
const TINY: f64 = 1.5;

/// Reads pages one after the other.
pub(super) struct Pages<'f> {
    file: &'f File<'f>,
    fonts: HashMap<u32, Rc<Font>>,
    pub(super) shown: Words,
    pub(super) hidden: Words,
    /// What programs that read aloud say in place of the text.
    pub(super) replacements: String,
    /// What is painted behind text that follows.
    grounds: Vec<Area>,
    page: Area,
}

#[derive(Clone)]
struct State {
    matrix: Matrix,
    font: Option<Rc<Font>>,
    size: f64,
    leading: f64,
    between_letters: f64,
    between_words: f64,
    stretch: f64,
    rise: f64,
    mode: u8,
    white: bool,
    transparent: bool,
}

/// One stream of operators.
struct Run<'r> {
    resources: &'r Dict,
    state: State,
    kept: Vec<State>,
    line: Matrix,
    text: Matrix,
    path: Area,
    /// By the names they have here.
    fonts: HashMap<Vec<u8>, Option<Rc<Font>>>,
}

// === impl Pages ===

impl<'f> Pages<'f> {
    pub(super) fn new(file: &'f File<'f>) -> Self {
        Self {
            file,
            fonts: HashMap::new(),
            shown: Words::default(),
            hidden: Words::default(),
            replacements: String::new(),
            grounds: Vec::new(),
            page: Area::ALL,
        }
    }

    pub(super) fn page(&mut self, operators: &[u8], resources: &Dict, page: Area) {
        self.grounds.clear();
        self.page = page;
        let state = State {
            matrix: Matrix::SAME,
            font: None,
            size: 0.0,
            leading: 0.0,
            between_letters: 0.0,
            between_words: 0.0,
            stretch: 1.0,
            rise: 0.0,
            mode: 0,
            white: false,
            transparent: false,
        };
        self.operators(operators, resources, state, 0);
        self.shown.paragraph();
        self.hidden.paragraph();
    }

    /// Calls itself at most [`DEPTH`] times deep.
    fn operators(&mut self, operators: &[u8], resources: &Dict, state: State, depth: usize) {
        let mut run = Run {
            resources,
            state,
            kept: Vec::new(),
            line: Matrix::SAME,
            text: Matrix::SAME,
            path: Area::NONE,
            fonts: HashMap::new(),
        };
        let mut lexer = Lexer::of_operators(operators);
        let mut operands: Vec<Object> = Vec::new();
        while let Some(value) = lexer.next() {
            match value {
                Object::Word(word) if word == b"ID" => {
                    skip_picture(&mut lexer, operators);
                    self.ground(
                        Area::NONE
                            .with(run.state.matrix.apply((0.0, 0.0)))
                            .with(run.state.matrix.apply((1.0, 1.0))),
                    );
                    operands.clear();
                }
                Object::Word(word) => {
                    self.operator(&word, &operands, &mut run, depth);
                    operands.clear();
                }
                operand if operands.len() < OPERANDS => operands.push(operand),
                Object::Null
                | Object::Number(_)
                | Object::Name(_)
                | Object::Text(_)
                | Object::Array(_)
                | Object::Dict(_)
                | Object::Reference(_) => {}
            }
        }
    }

    fn operator(&mut self, word: &[u8], operands: &[Object], run: &mut Run<'_>, depth: usize) {
        let numbers: Vec<f64> = operands.iter().filter_map(Object::number).collect();
        let last = numbers.last().copied();
        let name = operands.last().and_then(Object::name);
        let state = &mut run.state;
        match (word, last) {
            (b"q", _) if run.kept.len() < STATES => run.kept.push(state.clone()),
            (b"Q", _) => {
                if let Some(kept) = run.kept.pop() {
                    run.state = kept;
                }
            }
            (b"cm", _) => state.matrix = Matrix::of(&numbers).then(state.matrix),
            (b"BT", _) => (run.line, run.text) = (Matrix::SAME, Matrix::SAME),
            (b"Tc", Some(n)) => state.between_letters = n,
            (b"Tw", Some(n)) => state.between_words = n,
            (b"Tz", Some(n)) => state.stretch = n / 100.0,
            (b"TL", Some(n)) => state.leading = n,
            (b"Ts", Some(n)) => state.rise = n,
            (b"Tr", Some(n)) => state.mode = n.clamp(0.0, 7.0) as u8,
            (b"Tf", Some(size)) => {
                run.state.size = size;
                let named = operands.first().and_then(Object::name);
                run.state.font = named.and_then(|name| self.font(name, run));
            }
            (b"Td" | b"TD", Some(y)) => {
                let x = numbers.iter().rev().nth(1).copied().unwrap_or_default();
                if word == b"TD" {
                    state.leading = -y;
                }
                run.next_line(x, y);
            }
            (b"Tm", _) => (run.line, run.text) = (Matrix::of(&numbers), Matrix::of(&numbers)),
            (b"T*", _) => run.next_line(0.0, -run.state.leading),
            (b"Tj", _) => self.show(operands, run),
            (b"TJ", _) => self.show(operands.last().and_then(Object::array).unwrap_or_default(), run),
            (b"'", _) => {
                run.next_line(0.0, -run.state.leading);
                self.show(operands, run);
            }
            (b"\"", _) => {
                if let [words, letters, ..] = numbers.as_slice() {
                    (state.between_words, state.between_letters) = (*words, *letters);
                }
                run.next_line(0.0, -run.state.leading);
                self.show(operands.get(2..).unwrap_or_default(), run);
            }
            (b"g", Some(n)) => state.white = n >= 0.95,
            (b"rg" | b"k" | b"sc" | b"scn", _) => state.white = is_white(word, &numbers, name.is_some()),
            (b"cs", _) => state.white = false,
            (b"gs", _) => {
                if let Some(graphics) = name.and_then(|name| self.resource(run.resources, "ExtGState", name))
                    && let Some(alpha) =
                        self.file.dict(&graphics).and_then(|g| self.file.entry(&g, "ca")?.number())
                {
                    run.state.transparent = alpha < 0.05;
                }
            }
            (b"m" | b"l" | b"c" | b"v" | b"y", _) => {
                for [x, y] in numbers.as_chunks().0 {
                    run.path = run.path.with(state.matrix.apply((*x, *y)));
                }
            }
            (b"re", _) => {
                if let [x, y, width, height, ..] = numbers.as_slice() {
                    let corners = [(*x, *y), (x + width, *y), (*x, y + height), (x + width, y + height)];
                    run.path =
                        corners.into_iter().fold(run.path, |path, at| path.with(state.matrix.apply(at)));
                }
            }
            (b"f" | b"F" | b"f*" | b"B" | b"B*" | b"b" | b"b*", _) => {
                if !state.white && !state.transparent {
                    self.ground(run.path);
                }
                run.path = Area::NONE;
            }
            (b"n" | b"S" | b"s", _) => run.path = Area::NONE,
            (b"sh", _) => self.ground(Area::ALL),
            (b"Do", _) => {
                if let Some(drawing) = name.and_then(|name| self.resource(run.resources, "XObject", name)) {
                    self.drawing(&drawing, run, depth);
                }
            }
            (b"BDC", _) => {
                if let Some(marks) = operands.last().and_then(Object::dict) {
                    for text in ["ActualText", "Alt", "E"].iter().filter_map(|name| marks.get(name)?.text()) {
                        self.replacements.push_str(&text);
                        self.replacements.push('\n');
                    }
                }
            }
            _ => {}
        }
    }

    fn ground(&mut self, area: Area) {
        if self.grounds.len() < GROUNDS {
            self.grounds.push(area);
        } else if let Some(last) = self.grounds.last_mut() {
            // in doubt text is seen
            *last = Area::ALL;
        }
    }

    fn resource(&self, resources: &Dict, kind: &str, name: &[u8]) -> Option<Object> {
        let kind = self.file.dict(resources.get(kind)?)?;
        if !self.file.spend(resources.len() + kind.len()) {
            return None;
        }
        kind.get(str::from_utf8(name).ok()?).cloned()
    }

    fn font(&mut self, name: &[u8], run: &mut Run<'_>) -> Option<Rc<Font>> {
        if let Some(font) = run.fonts.get(name) {
            return font.clone();
        }
        let font = self.resource(run.resources, "Font", name).and_then(|found| {
            let number = found.reference();
            if let Some(font) = number.and_then(|number| self.fonts.get(&number)) {
                return Some(Rc::clone(font));
            }
            let font = Rc::new(Font::read(self.file, &*self.file.dict(&found)?));
            if let Some(number) = number.filter(|_| self.fonts.len() < FONTS) {
                self.fonts.insert(number, Rc::clone(&font));
            }
            Some(font)
        });
        if run.fonts.len() < FONTS {
            run.fonts.insert(name.to_vec(), font.clone());
        }
        font
    }

    /// A picture is a ground; a drawing has operators of its own.
    fn drawing(&mut self, drawing: &Object, run: &Run<'_>, depth: usize) {
        let Some(dict) = self.file.dict(drawing) else { return };
        if !dict.is("Subtype", "Form") {
            let corner = |at| run.state.matrix.apply(at);
            self.ground(Area::NONE.with(corner((0.0, 0.0))).with(corner((1.0, 1.0))));
            return;
        }
        if depth >= DEPTH {
            self.file.fully.set(false);
            return;
        }
        let Some(operators) = self.file.stream(drawing) else { return };
        let matrix = self.file.entry(&dict, "Matrix");
        let numbers: Vec<f64> = matrix
            .as_deref()
            .and_then(Object::array)
            .unwrap_or_default()
            .iter()
            .filter_map(Object::number)
            .collect();
        let mut state = run.state.clone();
        state.matrix = Matrix::of(&numbers).then(state.matrix);
        let own = dict.get("Resources").and_then(|own| self.file.dict(own));
        self.operators(&operators, own.as_deref().unwrap_or(run.resources), state, depth + 1);
    }

    /// Shows strings; numbers between them move the next.
    fn show(&mut self, pieces: &[Object], run: &mut Run<'_>) {
        for piece in pieces {
            let state = &run.state;
            match piece {
                Object::Number(n) => {
                    run.text = Matrix::moved(-n / 1000.0 * state.size * state.stretch, 0.0).then(run.text);
                }
                Object::Text(codes) => {
                    let Some(font) = state.font.clone() else { continue };
                    let to_page = Matrix {
                        a: state.size * state.stretch,
                        d: state.size,
                        f: state.rise,
                        ..Matrix::SAME
                    }
                    .then(run.text)
                    .then(state.matrix);
                    let mut text = String::new();
                    let shown = font.show(codes, &mut text);
                    let width = shown.width / 1000.0 * state.size
                        + shown.codes * state.between_letters
                        + shown.spaces * state.between_words;
                    run.text = Matrix::moved(width * state.stretch, 0.0).then(run.text);
                    let start = to_page.apply((0.0, 0.0));
                    let end =
                        Matrix::moved(0.0, state.rise).then(run.text).then(state.matrix).apply((0.0, 0.0));
                    let height = to_page.c.hypot(to_page.d);
                    let is_hidden = matches!(state.mode, 3 | 7)
                        || state.transparent
                        || height < TINY
                        || !(self.page.has(start) || self.page.has(end))
                        || (state.white
                            && !self.grounds.iter().any(|ground| ground.has(start) || ground.has(end)));
                    let words = if is_hidden { &mut self.hidden } else { &mut self.shown };
                    words.add(&text, start, end, height);
                }
                Object::Null
                | Object::Name(_)
                | Object::Array(_)
                | Object::Dict(_)
                | Object::Reference(_)
                | Object::Word(_) => {}
            }
        }
    }
}

// === impl Run ===

impl Run<'_> {
    fn next_line(&mut self, x: f64, y: f64) {
        self.line = Matrix::moved(x, y).then(self.line);
        self.text = self.line;
    }
}

/// White on an unknown ground is not seen; where a colour is one of a scale of its own, in doubt it is.
fn is_white(word: &[u8], numbers: &[f64], has_pattern: bool) -> bool {
    match numbers {
        [_, _, _] if !has_pattern && word != b"k" => numbers.iter().all(|part| *part >= 0.95),
        [_, _, _, _] if !has_pattern => numbers.iter().all(|part| *part <= 0.05),
        _ => false,
    }
}

/// A picture among the operators: its bytes end at a word of their own.
fn skip_picture(lexer: &mut Lexer<'_>, operators: &[u8]) {
    let rest = lexer.rest();
    let end = memmem::find_iter(rest, b"EI").find(|at| {
        let around = |at: usize| rest.get(at).is_none_or(|b| is_blank(*b));
        *at > 0 && around(at - 1) && around(at + 2)
    });
    lexer.at = end.map_or(operators.len(), |at| lexer.at + at + 2);
}
