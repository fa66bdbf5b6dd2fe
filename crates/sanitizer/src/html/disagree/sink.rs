//! What html5ever builds: which text is in which element, and no more.

use std::{borrow::Cow, cell::RefCell, rc::Rc};

use html5ever::{
    Attribute, ExpandedName, QualName,
    interface::{ElementFlags, NodeOrText, QuirksMode, TreeSink},
    tendril::StrTendril,
};

use super::Letters;

/// What html5ever makes of a page.
pub(super) struct Other {
    /// All text but code.
    pub(super) text: Letters,
    /// The same without what stands in for scripts.
    pub(super) text_for_scripts: Letters,
    /// What is in elements with the attribute `hidden`.
    #[cfg(test)]
    pub(super) hidden: String,
}

#[derive(Debug, Clone)]
pub(super) struct Handle {
    at: usize,
    name: Rc<QualName>,
}

#[derive(Debug, Default)]
struct Node {
    parent: Option<usize>,
    children: Vec<usize>,
    text: String,
    kind: Kind,
    template: Option<usize>,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Kind {
    #[default]
    Plain,
    Code,
    NoScript,
    Hidden,
}

pub(super) struct Sink {
    nodes: RefCell<Vec<Node>>,
    nameless: Rc<QualName>,
}

// === impl Sink ===

impl Sink {
    pub(super) fn new() -> Self {
        let nameless = QualName::new(None, html5ever::ns!(), html5ever::local_name!(""));
        Self { nodes: RefCell::new(vec![Node::default()]), nameless: Rc::new(nameless) }
    }

    /// How many nodes there are.
    pub(super) fn size(&self) -> usize {
        self.nodes.borrow().len()
    }

    fn make(&self, name: Rc<QualName>, kind: Kind) -> Handle {
        let mut nodes = self.nodes.borrow_mut();
        nodes.push(Node { kind, ..Node::default() });
        Handle { at: nodes.len() - 1, name }
    }

    fn put(&self, parent: usize, child: NodeOrText<Handle>) {
        let mut nodes = self.nodes.borrow_mut();
        match child {
            NodeOrText::AppendText(text) => {
                if let Some(parent) = nodes.get_mut(parent) {
                    parent.text.push_str(&text);
                }
            }
            NodeOrText::AppendNode(child) => {
                if let Some(child) = nodes.get_mut(child.at) {
                    child.parent = Some(parent);
                }
                if let Some(parent) = nodes.get_mut(parent) {
                    parent.children.push(child.at);
                }
            }
        }
    }

    fn parent(&self, of: &Handle) -> Option<usize> {
        self.nodes.borrow().get(of.at).and_then(|node| node.parent)
    }
}

impl TreeSink for Sink {
    type Handle = Handle;
    type Output = Other;
    type ElemName<'a> = ExpandedName<'a>;

    fn finish(self) -> Other {
        let nodes = self.nodes.into_inner();
        let (mut text, mut text_for_scripts) = (Letters::NONE, Letters::NONE);
        #[cfg(test)]
        let mut hidden = String::new();
        // each node with whether something around it stands in for scripts, and whether it is hidden
        let mut left = vec![(0, false, false)];
        while let Some((at, mut for_no_script, mut is_hidden)) = left.pop() {
            let Some(node) = nodes.get(at).filter(|node| node.kind != Kind::Code) else { continue };
            for_no_script |= node.kind == Kind::NoScript;
            is_hidden |= node.kind == Kind::Hidden;
            text.add(&node.text);
            if !for_no_script {
                text_for_scripts.add(&node.text);
            }
            #[cfg(test)]
            if is_hidden {
                hidden.push_str(&node.text);
            }
            left.extend(
                node.children.iter().chain(&node.template).map(|child| (*child, for_no_script, is_hidden)),
            );
        }
        Other {
            text,
            text_for_scripts,
            #[cfg(test)]
            hidden,
        }
    }

    fn parse_error(&self, _: Cow<'static, str>) {}

    fn get_document(&self) -> Handle {
        Handle { at: 0, name: Rc::clone(&self.nameless) }
    }

    fn elem_name<'a>(&'a self, target: &'a Handle) -> ExpandedName<'a> {
        target.name.expanded()
    }

    fn create_element(&self, name: QualName, attributes: Vec<Attribute>, flags: ElementFlags) -> Handle {
        let kind = match &*name.local {
            "script" | "style" => Kind::Code,
            "noscript" => Kind::NoScript,
            _ if attributes.iter().any(|attribute| &*attribute.name.local == "hidden") => Kind::Hidden,
            _ => Kind::Plain,
        };
        let handle = self.make(Rc::new(name), kind);
        if flags.template {
            let inside = self.make(Rc::clone(&self.nameless), Kind::Plain);
            if let Some(node) = self.nodes.borrow_mut().get_mut(handle.at) {
                node.template = Some(inside.at);
            }
        }
        handle
    }

    fn create_comment(&self, _: StrTendril) -> Handle {
        self.make(Rc::clone(&self.nameless), Kind::Plain)
    }

    fn create_pi(&self, _: StrTendril, _: StrTendril) -> Handle {
        self.make(Rc::clone(&self.nameless), Kind::Plain)
    }

    fn append(&self, parent: &Handle, child: NodeOrText<Handle>) {
        self.put(parent.at, child);
    }

    fn append_based_on_parent_node(&self, element: &Handle, previous: &Handle, child: NodeOrText<Handle>) {
        self.put(self.parent(element).unwrap_or(previous.at), child);
    }

    fn append_doctype_to_document(&self, _: StrTendril, _: StrTendril, _: StrTendril) {}

    fn get_template_contents(&self, target: &Handle) -> Handle {
        let inside = self.nodes.borrow().get(target.at).and_then(|node| node.template);
        Handle { at: inside.unwrap_or(target.at), name: Rc::clone(&self.nameless) }
    }

    fn same_node(&self, x: &Handle, y: &Handle) -> bool {
        x.at == y.at
    }

    fn set_quirks_mode(&self, _: QuirksMode) {}

    fn append_before_sibling(&self, sibling: &Handle, child: NodeOrText<Handle>) {
        self.put(self.parent(sibling).unwrap_or_default(), child);
    }

    fn add_attrs_if_missing(&self, target: &Handle, attributes: Vec<Attribute>) {
        if attributes.iter().any(|attribute| &*attribute.name.local == "hidden")
            && let Some(node) = self.nodes.borrow_mut().get_mut(target.at)
        {
            node.kind = Kind::Hidden;
        }
    }

    fn remove_from_parent(&self, target: &Handle) {
        let mut nodes = self.nodes.borrow_mut();
        let parent = nodes.get_mut(target.at).and_then(|node| node.parent.take());
        if let Some(parent) = parent.and_then(|parent| nodes.get_mut(parent)) {
            // their order does not matter
            if let Some(at) = parent.children.iter().rposition(|child| *child == target.at) {
                parent.children.swap_remove(at);
            }
        }
    }

    fn reparent_children(&self, node: &Handle, new_parent: &Handle) {
        let mut nodes = self.nodes.borrow_mut();
        let Some(from) = nodes.get_mut(node.at) else { return };
        let (children, text) = (std::mem::take(&mut from.children), std::mem::take(&mut from.text));
        for child in &children {
            if let Some(child) = nodes.get_mut(*child) {
                child.parent = Some(new_parent.at);
            }
        }
        if let Some(to) = nodes.get_mut(new_parent.at) {
            to.children.extend(children);
            to.text.push_str(&text);
        }
    }
}
