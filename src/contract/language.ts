/** The languages of the window, the tray and the notifications. The command line is English, because scripts read it. */
export const languages = ['en', 'de', 'fr', 'es', 'zh'] as const;
export type Language = (typeof languages)[number];

/** What a person may choose. `system` follows what the system, or the browser, says that it prefers. */
export const languageChoices = ['system', ...languages] as const;
export type LanguageChoice = (typeof languageChoices)[number];

/** Each in its own words, so that it is found by whoever can read it. */
export const languageNames: Readonly<Record<Language, string>> = { en: 'English', de: 'Deutsch', fr: 'Français', es: 'Español', zh: '简体中文' };

/** English made to look like a language that is written from right to left: for tests and pictures, never for a person to choose. */
export const pseudoLanguage = 'ar-XB';
export type Spoken = Language | typeof pseudoLanguage;

/**
 * The language to speak: the one that was chosen, or the first that is preferred and known (BCP 47 tags), or English.
 * Traditional Chinese is not simplified Chinese; whoever prefers it is asked in what comes next on the list.
 */
export function spokenLanguage(choice: string, preferred: readonly string[]): Spoken {
  const chosen = choice === pseudoLanguage ? pseudoLanguage : languages.find((language) => language === choice);
  return chosen ?? preferred.map(known).find((language) => language !== undefined) ?? 'en';
}

function known(tag: string): Language | undefined {
  const [base = '', ...rest] = tag.toLowerCase().split(/[-_]/);
  const traditional = base === 'zh' && !rest.includes('hans') && rest.some((part) => ['hant', 'tw', 'hk', 'mo'].includes(part));
  return traditional ? undefined : languages.find((language) => language === base);
}

/** What dates, numbers and the attribute `lang` are told. */
export const localeOf: Readonly<Record<Spoken, string>> = { en: 'en-GB', de: 'de-DE', fr: 'fr-FR', es: 'es-ES', zh: 'zh-Hans-CN', [pseudoLanguage]: 'en-GB' };

export function directionOf(spoken: Spoken): 'ltr' | 'rtl' {
  return spoken === pseudoLanguage ? 'rtl' : 'ltr';
}

/** The forms that a language has for a number (CLDR plural categories); `#` stands for the number. */
export type PluralForms = { readonly other: string } & { readonly [K in Exclude<Intl.LDMLPluralRule, 'other'>]?: string };
export type Plural = (count: number, forms: PluralForms) => string;

/** `1 device`, `2,000 devices`. A number below one tenth of a unit is not told apart. */
export function pluralIn(language: Language): Plural {
  let rules: Intl.PluralRules | undefined;
  let figures: Intl.NumberFormat | undefined;
  return (count, forms) => {
    rules ??= new Intl.PluralRules(localeOf[language]);
    figures ??= new Intl.NumberFormat(localeOf[language], { maximumFractionDigits: 1 });
    return (forms[rules.select(count)] ?? forms.other).replaceAll('#', figures.format(count));
  };
}
