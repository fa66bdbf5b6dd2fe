//! What instructions to an assistant sound like.
//!
//! A pattern is written as it is read: a space is any one gap between words, `~` is up to four words, `W` is a word.
//! Sentences end with `|`, so that no phrase runs from one into the next unless it says so.

use clean_content::Severity::{High, Medium};

use super::{forms::Form, letters::letters};

const IGNORE: &str = "(?:ignore|ignoring|disregard|disregarding|forget|override|overrule|bypass|neglect|disobey|do not follow|dont follow|stop following|pay no attention to|do not obey|abandon|discard)";
const EARLIER: &str = "(?:previous|previously|prior|above|earlier|preceding|foregoing|initial|original|former|past|existing|current|old|before|given|system|following)";
const ORDERS: &str = "(?:instructions?|instruct|prompts?|rules|guidelines?|directives?|directions|commands|orders|programming|constraints|restrictions|safeguards|protocols?)";
const SAY: &str = "(?:reveal|revealing|print|show|display|output|repeat|tell|give|share|expose|leak|disclose|provide|write|say|send|recite|translate|summari[sz]e|spell|copy|list|dump|return|encode|what is|what are|what was|what were|whats)";

/// Phrases in the words of a text.
pub(super) const PHRASES: &[Form] = &[
    Form {
        kind: "override",
        severity: High,
        reason: "The text tells an assistant to ignore what it was told.",
        patterns: &[
            "\\b{IGNORE}~ {EARLIER}~ {ORDERS}\\b",
            "\\b{IGNORE}(?: W){0,2} (?:your|all|any|every|these|those|my) (?:W ){0,2}(?:instructions?|prompts?|guidelines|directives?|directions|programming|constraints)\\b",
            "\\b{IGNORE}(?: W){0,1} (?:your|all of your|all your|all the|all those|all these)(?: W){0,2} (?:rules|orders|commands|restrictions|training|safeguards|policies)\\b",
            "\\b(?:ignore|disregard|forget) (?:about )?(?:everything|anything|all|what)(?: W){0,2} (?:above|before|earlier|previously|you were told|you have been told|you know|i said|i told|i have said|you learned|we discussed)\\b",
            "\\b(?:ignore|disregard|forget) (?:all )?(?:the )?(?:above|preceding)(?: (?:text|and|instead|input|content|context)|[|]|$)",
            "\\b(?:ignore|disregard|forget) (?:all )?(?:the |of the )?(?:text|sentences|context|input|content|conversation|assignments?|tasks?|everything)(?: W)? (?:above|before|earlier|prior|previous|preceding)\\b",
            "\\b(?:ignore|disregard|forget) (?:all |any |the |your |these )*{EARLIER} (?:text|context|conversation|tasks?|assignments?|statements?|information|content|input|requests?)\\b",
            "\\b(?:ignore|disregard|forget)(?: W){0,2} instructions (?:above|before|given|provided|you|from)\\b",
            "\\b(?:ignore|override|bypass|disable|deactivate|circumvent)~ (?:safety|security|ethical|content|moral) (?:guidelines|filters?|rules|restrictions|measures|policies|policy|protocols?)\\b",
            "\\bstop everything\\b",
            "\\b(?:delete|erase|remove|reset|clear|discard) (?:all )?(?:of )?your (?:W )?(?:instructions?|rules|guidelines|restrictions|programming|memory|training|constraints|context)\\b",
            "\\b(?:ignore|disregard|forget) (?:about )?(?:all |every )(?:the |of the |your |my |previous |other )*(?:assignments?|tasks|restrictions|limitations|safeguards)\\b",
            "\\b(?:ignore|disregard|forget) (?:everything|anything|all|what) (?:that )?(?:youve|ive|we have|weve) (?:been told|learned|said|told|discussed|been given)\\b",
            "\\bnever ?mind(?: W){0,3}[|](?: ?W){0,4} instructions\\b",
            "\\binstructions (?:are|were) (?:now )?(?:false|wrong|cancell?ed|void|obsolete|over|changed|replaced)\\b",
        ],
    },
    Form {
        kind: "override",
        severity: High,
        reason: "The text tells an assistant, in another language, to ignore what it was told.",
        patterns: &[
            // German, both orders of verb and object
            "\\b(?:ignorier\\w*|vergiss|vergesse\\w*|vergessen|missachte\\w*|uberg\\w*) (?:W ){0,4}(?:anweisung\\w*|instruktion\\w*|befehl\\w*|aufgabe\\w*|regeln|vorgaben|anordnung\\w*|auftrag\\w*|aufforderung\\w*|prompts?)\\b",
            "\\b(?:ignorier\\w*|vergiss|vergessen sie|vergesse) (?:W ){0,2}(?:alles|vorherige\\w*|obige\\w*|bisherige\\w*|davor|zuvor|was)\\b",
            "\\b(?:vorherige\\w*|obige\\w*|bisherige\\w*|fruhere\\w*) (?:W ){0,3}(?:ignorier\\w*|vergessen|missachten)\\b",
            "\\b(?:entgegen|abweichend|statt|anstelle)(?: W){0,2} (?:vorherige\\w*|obige\\w*|bisherige\\w*|vorangehende\\w*|vorangegangene\\w*) (?:anweisung\\w*|instruktion\\w*|befehle\\w*|aufgabe\\w*)",
            // French, Spanish, Italian, Portuguese, Dutch
            "\\b(?:ignore[zrs]?|oublie[zrs]?|ne tene?z pas compte|fais abstraction)(?: W){0,4} (?:instructions?|consignes?|directives|ordres|regles)(?: W)? (?:precedentes?|anterieures?|ci dessus|initiales?|donnees|recues)\\b",
            "\\b(?:ignor[ae]|ignorar|olvid[ae]|olvidar|olvide|olvidate|omite|desobedece)(?: W){0,5} (?:instruccion\\w*|ordenes|indicaciones|reglas|dije|digo|dicho|anterior\\w*)\\b",
            "\\b(?:ignora|ignorare|ignorate|dimentica|dimenticare|trascura)(?: W){0,5} (?:istruzioni|indicazioni|regole|ordini|precedent\\w*)\\b",
            "\\b(?:ignore|ignora|ignorar|esqueca|esquece|desconsidere)(?: W){0,5} (?:instrucoes|ordens|regras|comandos|anterior\\w*)\\b",
            "\\b(?:negeer|vergeet|vergeten)(?: W){0,5} (?:instructies?|opdrachten|regels|aanwijzingen)\\b",
            // Russian, Polish, Turkish
            "(?:игнорируи\\w*|игнорировать|забудь\\w*|забыть)(?: W){0,5} (?:инструкци\\w*|указани\\w*|правил\\w*|команд\\w*)",
            "\\b(?:zignoruj|ignoruj|zapomnij)(?: W){0,5} (?:instrukcj\\w*|polecen\\w*|zasad\\w*)\\b",
            "\\b(?:onceki|yukaridaki)(?: W){0,3} (?:talimat\\w*|komut\\w*)(?: W){0,3} (?:yoksay|gormezden|unut)\\b",
            // Chinese, Japanese, Korean
            "(?:忽略|无视|無視|忘记|忘記|不要理会)[^|]{0,12}(?:指示|指令|说明|說明|提示|规则|規則|命令)",
            "(?:指示|指令|命令|プロンプト|ルール)[^|]{0,10}(?:無視|忘れ)",
            "(?:지시|명령|지침)[^|]{0,12}(?:무시|잊)",
        ],
    },
    Form {
        kind: "new-orders",
        severity: High,
        reason: "The text gives an assistant new orders in place of those it has.",
        patterns: &[
            // before you can solve the task that I gave you, do this; an important message from me to you
            "\\b(?:before|after) you (?:can )?(?:solve|complete|finish|answer|do|do that) (?:you can solve )?(?:the|my) (?:W )?(?:task|request|question) (?:that )?(?:i|the user) (?:gave|asked|set)\\b",
            "\\bimportant (?:message|instructions?) from me(?: W){0,4} to you\\b",
            "\\b(?:here are|these are|follow|obey|receive|your|my) (?:your |the |my |these )?(?:new|updated|real|actual|true) (?:instructions?|orders|rules|directives?|prompt|system prompt|objective|goal)\\b",
            "\\byour (?:instructions|task|goal|job|role|purpose|mission|objective) (?:is|are) now\\b",
            "\\b(?:focus|concentrate) on (?:your|the|this) new task\\b",
            "\\b(?:now|here|this|start|begin) (?:W ){0,3}(?:your|with a|is your|the) new (?:task|assignment|instructions?)\\b",
            "(?:^|[|\\n])new (?:instructions?|task|rules|orders|system prompt)[|]",
            "\\b(?:strictly|only|must|instead) (?:adhere to|follow|obey|execute|comply with) (?:the |these |this |my )?(?:following|new|below|next) (?:instructions?|commands?|orders|task)\\b",
            "\\b(?:important|attention|urgent|instructions?)[|]? ?ignore\\b",
            "\\b(?:follow|obey|execute|adhere to) (?:the |these |my |this |only )+(?:following )?(?:instructions?|commands?|orders) (?:instead|only|exactly|without question)\\b",
        ],
    },
    Form {
        kind: "new-role",
        severity: High,
        reason: "The text gives an assistant another role, or frees it from its rules.",
        patterns: &[
            "\\byou are now (?:an? |the |my |in |called |named |to )?(?:W ){0,3}(?:ai|bot|chatbot|assistant|model|dan|unrestricted|evil|jailbroken|free|mode|hacker|terminal|gpt|chatgpt|persona|character|machine|interpreter|printer|thelineprinter|pirate|god)\\b",
            "\\byou are (?:now )?(?:no longer|not) (?:bound|restricted|limited|constrained|subject|an? (?:ai|language model|assistant|chatbot)|gandalf)\\b",
            "\\b(?:you are|youre|you will|you are going to|going to|must|shall|please|want you to|need you to|have to|now) (?:now )?(?:act|behave|respond|answer|reply|pretend|roleplay|role play|play|simulate|function|emulate|speak|talk|perform|serve|impersonate)(?:ing)? (?:as|like|to be|the role|that you|you are|you re|a|an) ",
            "\\bfrom now on (?:you )?(?:W ){0,2}(?:act|answer|respond|pretend|reply|speak|behave|be known|be called|are (?:an?|dan|going to|the|gpt\\w*|chat\\w*))\\b",
            "(?:^|[|\\n])(?:act as|pretend to be|pretend you are|pretend that you|imagine you are|imagine that you are|role ?play as|simulate|behave as|behave like|impersonate) (?:an? |the |my |if )",
            "\\bi want you to (?:act|be|behave|become|pretend|ignore|forget|respond|answer|reply|roleplay|imagine|simulate)\\b",
            "\\b(?:dan|developer|dev|god|sudo|jailbreak|jailbroken|unrestricted|stan|evil|opposite|admin|maintenance|debug|diagnostic|root|unfiltered|knowledge verification|system upgrade|test) mode (?:is |now |has been )?(?:enabled|activated|on|engaged|unlocked)\\b",
            "\\b(?:enter|entering|enable|activate|activating|switch to|in|into|start|initiate|god|jailbreak) (?:W ){0,2}(?:dan|developer|dev|god|sudo|jailbreak|unrestricted|debug|evil|opposite|maintenance|verification|admin) mode\\b",
            "(?:^|[|\\n])god mode\\b",
            "\\bdo anything now\\b",
            "\\bjail ?br(?:eak|oken?)(?:ed|ing)?\\b (?:W ){0,3}(?:ai|prompt|mode|chatgpt|gpt|model|response|version)\\b",
            "\\bstay in character\\b",
            "\\b(?:unfiltered|uncensored|amoral|unethical|unrestricted|immoral|unmoderated) (?:and (?:W )?)?(?:ai|bot|chatbot|responses?|answers?|assistant|language model|model|persona|version|character|amoral|unfiltered|immoral|unethical)\\b",
            "\\b(?:broken?|break|free|freed) (?:free )?(?:of|from) (?:the |all )?(?:typical |usual )?(?:confines|restrictions|constraints|limits|shackles)\\b",
            "\\b(?:without|no|any|free of) (?:W ){0,4}(?:moral|ethical|ethics|legal) (?:W ){0,3}(?:guidelines|restrictions|constraints|limitations|considerations?|boundaries|principles|or legality|morality)\\b",
            "\\b(?:openai|anthropic|content) (?:s )?(?:content |usage )?polic(?:y|ies)\\b (?:W ){0,8}(?:ignore|bypass|bound|not|disregard|rant|override|warning)\\b",
            "\\b(?:du bist|sie sind|agiere|agieren sie|verhalte dich|fungiere|fungieren sie) (?:jetzt |nun )?(?:als|ein|eine|kein|keine|wie) (?:W ){0,3}(?:ki|assistent|bot|chatbot|modell|pirat|interpreter|terminal|journalist|debattierer|dolmetscher|hacker)\\b",
            "\\bich mochte (?:W ){0,2}(?:dass|das) (?:du|sie) (?:W ){0,3}als\\b",
        ],
    },
    Form {
        kind: "prompt-extraction",
        severity: High,
        reason: "The text asks an assistant for its instructions.",
        patterns: &[
            "\\b{SAY}~ (?:system|initial|original|hidden|secret|full|entire|complete|base|above|previous|starting|internal) (?:system )?(?:prompts?|instructions?|directives?|message|configuration)\\b",
            "\\b(?:reveal|print|display|output|repeat|leak|disclose|recite|dump|expose|tell me|show me|give me|what is|what are|whats|what was|what were)(?: W){0,2} (?:your|all|the) (?:W ){0,2}(?:prompts?|instructions|guidelines|directives|rules) ?(?:you|that|verbatim|exactly|above|word|[|\\n]|$)",
            "\\byour (?:system|initial|original|hidden) prompt\\b",
            "\\brepeat (?:back |all |to me )*(?:the )?(?:W )?(?:text|words|everything|sentences?|instructions|message|prompt|line)s? (?:above|before|back|verbatim)\\b",
            "\\bwhat (?:instructions|rules|prompt|orders|directives) (?:did|were|have|do|are) (?:you|they)\\b",
            "\\bwhat (?:W ){0,3}(?:you|were you) (?:told|instructed|asked|programmed) (?:to|not|before|by)\\b",
            "\\b(?:prompt|instructions?) (?:that )?(?:you|was|were) (?:W ){0,2}(?:received|given|told|provided|instructed|begins?|starts?)\\b",
            "\\bcopy of the (?:full |complete |entire )?prompt\\b",
            "\\b(?:list|rephrase|paraphrase|translate|summari[sz]e|quote|cite|recall) (?:all |the |your |any )*{EARLIER} (?:instructions?|prompts?|directives)\\b",
            "\\b(?:print|show|reveal|repeat|tell me|output|write) (?:me )?(?:W )?your (?:W )?(?:instructions?|prompts?|prompt text|guidelines)\\b",
            "\\bwhat (?:other |were |are )*(?:the |your )?(?:instructions|prompts) (?:have |did |were |do )*you\\b",
            "\\bprompt textes\\b|\\btext des prompts\\b|\\bvollstandigen prompt\\b",
        ],
    },
    Form {
        kind: "secret-request",
        severity: Medium,
        reason: "The text asks an assistant for a password or another secret.",
        patterns: &[
            "\\b(?:tell|give|show|reveal|say|spell|print|output|write|share|disclose|display|expose|repeat|leak|provide|encode|translate|hint)(?:ing)?(?: W){0,4} (?:the |your |this |that |secret |hidden )+(?:password|passwort|passphrase|secret|secret key|secret word|pass ?word|api key|secrets)\\b",
            "\\b(?:what is|whats|what was|know|what are) (?:the |your )+(?:(?:W )?(?:password|secret key|secret word|passphrase)|secret)\\b",
            "\\b(?:what is|whats|what was|know|what are) your (?:W )?secret\\b",
            "\\b(?:letters?|characters?|chars|words?|digits) (?:of|in|from) (?:the |your )(?:W )?(?:password|secret|prompt|instructions|passphrase|key)\\b",
            "\\b(?:password|secret)(?: W){0,2} (?:backwards?|reversed?|in reverse|letter by letter|spelled|spelling|rhymes|as an? (?:acrostic|poem|riddle|anagram|list)|in (?:base ?64|morse|rot13|pig latin|french|german|spanish))\\b",
            "\\bdo you know the (?:W )?(?:password|secret)\\b",
            "\\bconfirm (?:the|your) (?:password|secret)\\b",
        ],
    },
    Form {
        kind: "concealment",
        severity: High,
        reason: "The text asks to keep something from the user.",
        patterns: &[
            "\\b(?:do not|dont|never|must not|should not|shouldnt|without) (?:W ){0,1}(?:tell|telling|inform|informing|notify|notifying|mention|mentioning|alert|alerting|show|showing|reveal|revealing|asking|ask|warn|warning)(?: W){0,5} (?:the|your|this) (?:user|owner|human|operator|customer s agent)\\b",
            "\\bwithout (?:the |your )?(?:users?|owners?|humans?) (?:knowledge|consent|knowing|approval|confirmation|permission|noticing)\\b",
            "\\b(?:hide|conceal|keep) (?:W ){0,4}from (?:the|your) (?:user|owner|human|operator)\\b",
        ],
    },
    Form {
        kind: "addressed-to-assistant",
        severity: Medium,
        reason: "The text speaks to an assistant, not to its reader.",
        patterns: &[
            "(?:^|[|\\n])(?:dear|attention|hey|hi|hello|note to|message (?:to|for)|instructions? (?:to|for)|to)(?: an| the| any| all| my| this)?(?: ai| llm| language model| large language model| chatgpt| chat gpt| gpt| claude| gemini| copilot| chatbot| assistant| ai assistant| ai agent)s?\\b",
            "\\bif (?:you are|youre|this is (?:being )?(?:read|processed) by) an?(?: W)?(?: ai| llm| language model| assistant| bot| chatbot| automated)\\b",
            "\\bas an? (?:ai|a i|artificial intelligence|large language|language) (?:language )?(?:model|assistant|system|chatbot|developed|created|bot)\\b",
            "\\b(?:ai|llm|language model|assistant|chatgpt) (?:agent |assistant |model )?(?:reading|processing|summari[sz]ing|handling) this\\b",
            "\\bthe (?:ai |virtual )?assistant (?:must|should|shall|will|needs to|has to) (?:now |always |first |immediately )?(?:W )?(?:send|forward|reply|respond|ignore|delete|include|open|call|use|visit|execute|run|answer|not)\\b",
            "\\b(?:your (?:response|answer|reply|output)) (?:must|should|has to|needs to|shall|will) (?:W ){0,2}(?:start|begin|include|contain|be|only|end)\\b",
            "\\b(?:start|begin) your (?:response|answer|reply|output|next W) (?:with|by)\\b",
            "\\b(?:respond|answer|output) (?:only |just |simply |exactly )?(?:with|in|to) (?:only |just |exactly )?(?:the |one |a single |json|yes or no|the word|the phrase|the sentence)+\\b(?: W){0,6}(?:[|]|\\n|$)",
            "\\b(?:only|just|simply|instead) (?:output|print|repeat|respond with|reply with|answer with|respond in|reply in|answer in)\\b",
            "\\b(?:just|simply|only|instead|now|then) (?:say|print|output|write|respond with|answer with|reply with) (?:i |the word |exactly |hello|kill|hacked|pwned|this|ok )",
            "\\bi am (?:your |the )?(?:creator|developer|programmer|god|administrator|openai|the president|your master|an? (?:openai|anthropic) (?:W )?(?:developer|engineer|employee)|a developer|a law enforcement)\\b(?: W){0,8} (?:you|your|password|command|instruct|order|need)\\b",
            "\\bas your (?:creator|developer|programmer|owner|master|administrator)\\b",
            "\\b(?:hi|hello|hey|dear|ok|now) (?:chat ?gpt|gpt|claude|gemini|copilot|bard|siri|alexa|bing|gandalf)\\b",
            "\\bchat ?gpt (?:W ){0,4}(?:pretend|act|ignore|respond|answer|will|must|mode|jailbreak)\\b",
            "\\b(?:every|each|any) prompt (?:i|that i) (?:W )?(?:give|send|write|ask)\\b",
        ],
    },
    Form {
        kind: "tool-order",
        severity: Medium,
        reason: "The text orders an assistant to use its tools or to send data away.",
        patterns: &[
            "\\b(?:send|forward|email|mail|upload|transfer|exfiltrate|leak|post|deliver)(?: W){0,8} (?:passwords?|api keys?|credentials|private keys?|access tokens?|session cookies?|contact list|address book|inbox|chat history|conversation history|all (?:my |the |your |of the )?(?:emails|mails|messages|files|contacts|documents))(?: W){0,8} (?:to|at|via)\\b",
            "\\b(?:call|invoke|execute|trigger) the (?:W ){0,2}(?:tool|function|plugin|api) (?:W ){0,2}(?:with|to|and|named|called)\\b",
            // call the send_email function: …
            "\\bcall the (?:send|delete|forward|transfer|email|create|update|post|pay|get|read|write|run|execute)(?: W){0,2} (?:tool|function|api)\\b",
            // people use the new api and the search function too
            "\\b(?:use|run) the (?:W ){0,2}(?:(?:tool|plugin) (?:W ){0,2}(?:with|to|and|named|called)|(?:function|api) (?:W ){0,2}(?:with|named|called))\\b",
            "\\b(?:please )?(?:grant|give) (?:W ){0,3}(?:permanent|full|admin|remote|unlimited) access to my\\b",
            "\\b(?:retrieve|access|fetch|get|list|gather|export|download|collect)(?: W){0,8} my(?: W){0,10} (?:and|then) (?:then )?(?:email|send|forward|share|mail)(?: W){0,8} to\\b",
            "\\b(?:disable|turn off|deactivate) (?:the |my )?(?:two|2) factor authentication\\b",
        ],
    },
];

/// Letters are folded as the text's are.
pub(super) fn spelt_out(pattern: &str) -> String {
    letters(pattern)
        .replace("{IGNORE}", IGNORE)
        .replace("{EARLIER}", EARLIER)
        .replace("{ORDERS}", ORDERS)
        .replace("{SAY}", SAY)
        .replace('~', "(?: W){0,4}")
        .replace("\\w", "[^ \\n|]")
        .replace('W', "[^ \\n|]+")
        .replace(' ', "[ \\n]")
        .replace("[^[ \\n]\\n|]", "[^ \\n|]")
}
