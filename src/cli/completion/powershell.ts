import { completionCommands, type CompletionCommand, type CompletionValue } from "./words.ts";

/** For PowerShell 5.1 and later. */
export function powershellScript(): string {
  const commands = completionCommands();
  return `# rolewright completion for PowerShell: rolewright completion powershell | Out-String | Invoke-Expression
Register-ArgumentCompleter -Native -CommandName rolewright -ScriptBlock {
  param($word, $ast, $position)
  $words = @($ast.CommandElements | ForEach-Object { $_.ToString() })
  $commands = @(${commands.map((command) => quote(command.name)).join(", ")})
  $command = $words | Select-Object -Skip 1 | Where-Object { $commands -contains $_ } | Select-Object -First 1
  $before = if ($word -eq '') { $words[-1] } else { $words[-2] }
  $offers = @()
  switch ($command) {
    $null { $offers = $commands + @('--help', '--version') }
${commands.map(commandCase).join("\n")}
  }
  $offers | Where-Object { $_ -like "$word*" } | ForEach-Object { [System.Management.Automation.CompletionResult]::new($_) }
}
`;
}

function commandCase(command: CompletionCommand): string {
  const values = command.options.flatMap((option) =>
    option.value === null ? [] : [`        ${quote(option.flag)} { $offers = ${complete(option.value)} }`],
  );
  const flags = [...command.options.map((option) => option.flag), "--help"].map(quote).join(", ");
  const argument = command.argument === null ? "@()" : complete(command.argument);
  return `    ${quote(command.name)} {
      switch ($before) {
${values.join("\n")}
        default { $offers = if ($word -like '-*') { @(${flags}) } else { ${argument} } }
      }
    }`;
}

function complete(value: CompletionValue): string {
  if (value.kind === "words") return `@(${value.words.map(quote).join(", ")})`;
  if (value.kind === "free") return "@()";
  if (value.what === "file") return '@(Get-ChildItem -Name -Path "$word*")';
  if (value.what === "directory") return '@(Get-ChildItem -Name -Directory -Path "$word*")';
  const lookup = `@(rolewright complete ${value.what} 2>$null)`;
  return value.what === "plan" ? `${lookup} + @(Get-ChildItem -Name -Path "$word*")` : lookup;
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
